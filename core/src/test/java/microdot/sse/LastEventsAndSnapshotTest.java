package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import microdot.Headers;
import microdot.Request;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A client asks for the last events of two topics, and gets the snapshot of a third. Wherever it is
 * disconnected, once or twice, it gets every event and every change once.
 */
class LastEventsAndSnapshotTest {
    private static final int LAST = 3;
    private static final int CUTS = 14;
    private static final List<String> NAMES = List.of("a", "state", "b");
    private static final Request REQUEST =
            new Request("GET", "/", new Headers(), new byte[0], new InetSocketAddress(9), "http");

    @Test
    void nothingComesTwiceAndNothingIsLostWhenClientLeaves() {
        cutEverywhere(false, false);
    }

    @Test
    void nothingComesTwiceAndNothingIsLostWhenServerEndsStream() {
        cutEverywhere(true, false);
    }

    @Test
    void nothingComesTwiceAndNothingIsLostBehindFilter() {
        cutEverywhere(false, true);
    }

    @Test
    void nothingComesTwiceAndNothingIsLostWhenServerEndsStreamBehindFilter() {
        cutEverywhere(true, true);
    }

    private static void cutEverywhere(boolean closes, boolean filtered) {
        for (int first = 0; first < CUTS; first++) {
            for (int second = 0; second < CUTS; second++) {
                try {
                    new Round(closes, filtered).run(first, second);
                } catch (AssertionError e) {
                    String cuts = "cut behind " + first + " and " + second + ": ";
                    throw new AssertionError(cuts + e.getMessage(), e);
                }
            }
        }
    }

    /** One client, and all that is published meanwhile. */
    private static final class Round {
        private final Topics topics = new Topics();
        private final Map<String, Integer> published = new HashMap<>();
        private final boolean closes;
        private final boolean filtered;

        // What the client has.
        private final Map<String, Integer> seen = new HashMap<>();
        private @Nullable String id;
        private int read;
        private @Nullable AssertionError broken;

        Round(boolean closes, boolean filtered) {
            this.closes = closes;
            this.filtered = filtered;
            topics.topic("state", new TopicOptions().snapshot(() -> count("state")));
        }

        void run(int first, int second) {
            try (topics) {
                // The last events of a and b begin at different positions, and between them the
                // state changes.
                publish("a", "a", "state", "b", "a", "state", "a", "b", "state", "b", "b", "state");
                connect(first);
                publish("state", "a");
                connect(second);
                publish("b", "state", "a", "state");
                connect(Integer.MAX_VALUE);
                assertTrue(hasEverything());
            }
        }

        private void publish(String... names) {
            for (String name : names) {
                if (name.equals("state")) {
                    topics.publish(name, () -> Event.of(increment(name)).event(name));
                } else {
                    topics.publish(name, Event.of(increment(name)).event(name));
                }
            }
        }

        // The supplier of the snapshot runs beside the test.
        private synchronized int increment(String name) {
            int next = count(name) + 1;
            published.put(name, next);
            return next;
        }

        private synchronized int count(String name) {
            return Objects.requireNonNullElse(published.get(name), 0);
        }

        private boolean passes(String name, int value) {
            return !filtered || name.equals("state") || value % 3 != 2;
        }

        private FollowerFilter filter() {
            return new FollowerFilter(
                    REQUEST,
                    (request, event) -> passes(String.valueOf(event.event()), value(event)),
                    new FilterFailures());
        }

        private static int value(Event event) {
            return Integer.parseInt(String.valueOf(event.data()));
        }

        /** Reads so many events, or everything. */
        private void connect(int events) {
            if (id == null) {
                seen.clear(); // It is a new client.
                NAMES.forEach(name -> seen.put(name, count(name) - LAST));
                seen.put("state", -1);
            }
            read = 0;
            var loop = new TestLoop();
            var parser = new EventParser(event -> check(event, events));
            var sink = new FakeSink(loop, parser::feed).room(1); // One event at a time.
            var wish = new StartPosition.Wish(id, topics.head(), LAST);
            var closing = new StreamClosingFrames(topics.followers().beforeDelivery(NAMES, wish));
            sink.closingFrames(closing);
            topics.followers().follow(sink, NAMES, wish, filtered ? filter() : null, closing);
            if (!closes) {
                publish("a", "state", "b"); // Delivery of it pulls once for each topic.
            }
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (read < events && !hasEverything()) {
                loop.step();
                assertTrue(System.nanoTime() - end < 0, () -> "has " + seen + " of " + published);
            }
            if (closes) {
                sink.close();
            }
            sink.disconnect();
            if (broken != null) {
                throw broken;
            }
        }

        private boolean hasEverything() {
            return broken != null
                    || NAMES.stream().allMatch(name -> next(name, seen(name)) > count(name));
        }

        private int seen(String name) {
            return Objects.requireNonNull(seen.get(name));
        }

        /** Returns the value that comes after this one. */
        private int next(String name, int value) {
            return passes(name, value + 1) ? value + 1 : value + 2;
        }

        // What it throws on the loop would only end the stream.
        private void check(Event event, int events) {
            try {
                if (closes || read < events) { // Else the connection is broken already.
                    got(event);
                }
            } catch (AssertionError e) {
                broken = broken == null ? e : broken;
            }
        }

        private void got(Event event) {
            id = event.id() == null ? id : event.id();
            String name = String.valueOf(event.event());
            if (name.equals("checkpoint")) {
                return;
            }
            read++;
            if (name.equals("gap")) {
                fail("nothing was lost: " + event);
            }
            int value = value(event);
            if (name.equals("snapshot")) {
                assertTrue(value >= seen("state"), () -> "older: " + event);
                seen.put("state", value);
            } else {
                assertEquals(next(name, seen(name)), value, () -> "id " + id + ": " + event);
                seen.put(name, value);
            }
        }
    }
}
