package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
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

    @Test
    void nothingComesTwiceAndNothingIsLostWhenClientLeaves() {
        cutEverywhere(false);
    }

    @Test
    void nothingComesTwiceAndNothingIsLostWhenServerEndsStream() {
        cutEverywhere(true);
    }

    private static void cutEverywhere(boolean closes) {
        for (int first = 0; first < CUTS; first++) {
            for (int second = 0; second < CUTS; second++) {
                var round = new Round(closes);
                try {
                    round.run(first, second);
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

        // What the client has.
        private final Map<String, Integer> seen = new HashMap<>();
        private final Map<String, Integer> begins = new HashMap<>();
        private @Nullable String id;
        private int read;

        Round(boolean closes) {
            this.closes = closes;
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
                assertEquals(published, seen);
            }
        }

        private void publish(String... names) {
            for (String name : names) {
                if (name.equals("state")) {
                    topics.publish(name, () -> Event.of(next(name)).event(name));
                } else {
                    topics.publish(name, Event.of(next(name)).event(name));
                }
            }
        }

        // The supplier of the snapshot runs beside the test.
        private synchronized int next(String name) {
            int next = count(name) + 1;
            published.put(name, next);
            return next;
        }

        private synchronized int count(String name) {
            return Objects.requireNonNullElse(published.get(name), 0);
        }

        /** Reads so many events, or everything. While it reads, the topics go on once. */
        private void connect(int events) {
            if (id == null) {
                seen.clear(); // It is a new client.
                NAMES.forEach(name -> begins.put(name, count(name) - LAST + 1));
            }
            read = 0;
            var loop = new TestLoop();
            var parser = new EventParser(this::got);
            var sink = new FakeSink(loop, parser::feed).room(1); // One event at a time.
            var wish = new StartPosition.Wish(id, topics.head(), LAST);
            var closing = new StreamClosingFrames(topics.followers().beforeDelivery(NAMES, wish));
            sink.closingFrames(closing);
            topics.followers().follow(sink, NAMES, wish, null, closing);
            publish("a", "state", "b");
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (read < events && !seen.equals(published)) {
                loop.step();
                assertTrue(System.nanoTime() - end < 0, () -> "has " + seen + " of " + published);
            }
            if (closes) {
                sink.close();
            }
            sink.disconnect();
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
            int value = Integer.parseInt(String.valueOf(event.data()));
            if (name.equals("snapshot")) {
                assertTrue(value >= seen.getOrDefault("state", 0), () -> "older: " + event);
                seen.put("state", value);
            } else {
                Integer before = seen.put(name, value);
                Integer expected = before == null ? begins.get(name) : Integer.valueOf(before + 1);
                assertEquals(expected, Integer.valueOf(value), () -> "" + event);
            }
        }
    }
}
