package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.internal.PlatformDependent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Followers that never read beside followers that do: what they cost in memory, how they delay the
 * others, and what they are sent when they read again. {@code -Dstalled.followers=N} sets the
 * number of each.
 */
@Timeout(300)
class StalledFollowersTest {
    private static final int FOLLOWERS = Integer.getInteger("stalled.followers", 100);
    private static final int ROUNDS = 15;
    private static final int BURSTS = 8;
    private static final int BURST = 2;
    private static final int SMALL = 1000;
    private static final int LARGE = 20_000;
    private static final int KEYS = 5;

    /** Of stalled followers, so that they have backpressure soon. */
    private static final int RECEIVE_BUFFER = 4096;

    // A slice of a stream is 64 KiB, and a buffer for it may be twice as large. The rest is what
    // the pools keep. That memory does not grow with more events is asserted separately.
    private static final long BYTES_EACH = 192 << 10;
    private static final long SLACK = 16 << 20;

    /** A server, its followers, and the times that events took to reach them. */
    private static final class Setup implements AutoCloseable {
        private final Topics topics = new Topics();
        private final ClientLoop loop = new ClientLoop();
        private final List<Follower> healthy = new ArrayList<>();
        private final List<Follower> stalled = new ArrayList<>();
        private final Served served;

        /** Whether the server closes the connection of a follower that lags and reads nothing. */
        private final boolean disconnects;

        private long[] times = new long[FOLLOWERS * BURSTS * BURST];
        private int timed;
        private int published;

        /** The position of the event that was published last. */
        private long position;

        private volatile CountDownLatch arrived = new CountDownLatch(0);

        Setup(TopicOptions options) {
            disconnects = options.onSlow() == TopicOptions.OnSlow.DISCONNECT;
            topics.topic("t", options);
            served = Served.of(new Microdot().get("/", topics.stream("t")));
        }

        void connect(List<Follower> followers, boolean reading) throws Exception {
            arrived = new CountDownLatch(FOLLOWERS);
            for (int i = 0; i < FOLLOWERS; i++) {
                var follower = new Follower(this, reading ? i : FOLLOWERS + i, reading);
                followers.add(follower);
                loop.execute(follower::connect);
            }
            await();
        }

        /** Publishes events and waits until every healthy follower has received them. */
        void publish(int events, int size) throws Exception {
            arrived = new CountDownLatch(healthy.size() * events);
            for (int i = 0; i < events; i++) {
                published++;
                String head = published + " " + published % KEYS + " " + System.nanoTime() + " ";
                position = LawTopic.position(topics.publish("t", head + "x".repeat(size)));
            }
            await();
        }

        long delivered() {
            return topics.topic("t").stats().delivered();
        }

        private void await() throws InterruptedException {
            for (long i = 0; !arrived.await(1, TimeUnit.SECONDS); i++) {
                loop.check();
                assertTrue(i < 60, () -> "did not arrive: " + arrived);
            }
            loop.check();
        }

        /** Publishes one round and returns the 99th percentile of its times. */
        long round() throws Exception {
            timed = 0;
            for (int i = 0; i < BURSTS; i++) {
                publish(BURST, SMALL);
            }
            Arrays.sort(times, 0, timed);
            return times[timed * 99 / 100];
        }

        @Override
        public void close() {
            healthy.forEach(follower -> loop.execute(follower::leave));
            stalled.forEach(follower -> loop.execute(follower::leave));
            served.close();
            loop.close();
        }
    }

    /** Notes the numbers of its events, and its gaps. Confined to its loop. */
    private static final class Follower implements StreamClient.Reader {
        private final Setup setup;
        private final int number;
        private boolean reading;

        /** The number of the last event; enough for a healthy follower, which gets all. */
        private int last;

        private final List<Integer> got = new ArrayList<>();
        private final List<LawFollower.Gap> gaps = new ArrayList<>();
        private @Nullable StreamClient connection;
        private @Nullable String lastEventId;
        private boolean ended;

        Follower(Setup setup, int number, boolean reading) {
            this.setup = setup;
            this.number = number;
            this.reading = reading;
        }

        void connect() {
            var target =
                    new StreamClient.RequestTarget(
                            setup.served.server.port(), "/", reading ? 0 : RECEIVE_BUFFER);
            var from = StreamClient.address(number);
            connection = new StreamClient(setup.loop, from, target, lastEventId, this);
        }

        void wake() {
            reading = true;
            if (connection != null) {
                connection.read();
            }
        }

        void leave() {
            if (connection != null) {
                connection.close();
            }
        }

        @Override
        public void opened(StreamClient client) {
            if (!reading) {
                client.stall();
            }
            if (!ended) {
                setup.arrived.countDown();
            }
        }

        @Override
        public void event(StreamClient client, Event sent) {
            lastEventId = sent.id();
            if ("gap".equals(sent.event())) {
                gaps.add(LawFollower.Gap.of(sent));
                return;
            }
            String[] words = sent.data().toString().split(" ", 4);
            int event = Integer.parseInt(words[0]);
            if (number < FOLLOWERS) {
                healthy(event, Long.parseLong(words[2]));
                return;
            }
            got.add(event);
            // A follower that was stalled is awaited only by its last event.
            if (event == setup.published) {
                setup.arrived.countDown();
            }
        }

        private void healthy(int event, long sent) {
            if (event != last + 1 || !gaps.isEmpty()) {
                throw new AssertionError(event + " after " + last + ", " + gaps);
            }
            last = event;
            if (setup.timed < setup.times.length) {
                setup.times[setup.timed++] = System.nanoTime() - sent;
            }
            setup.arrived.countDown();
        }

        @Override
        public void ended(StreamClient client, boolean properly) {
            // Whether a stalled follower reads again before the server's timer finds that it lags
            // is
            // a matter of time: then its stream ends properly, and else its connection is closed.
            if (!properly && !(setup.disconnects && number >= FOLLOWERS)) {
                throw new AssertionError(number + " was disconnected");
            }
            ended = true;
            connect();
        }
    }

    private static TopicOptions keepLittle() {
        return new TopicOptions().keepEvents(64);
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Returns the used memory, on the heap and outside. */
    private static long held() {
        return heap() + PlatformDependent.usedDirectMemory();
    }

    @Test
    void stalledFollowersCostLittleMemoryAndDelayNobody() throws Exception {
        try (var alone = new Setup(keepLittle());
                var crowded = new Setup(keepLittle())) {
            alone.connect(alone.healthy, true);
            crowded.connect(crowded.healthy, true);
            alone.round();
            crowded.round();
            long before = held();
            crowded.connect(crowded.stalled, false);
            fill(crowded, 10);
            long full = held();
            compare(alone, crowded);
            long later = held();
            System.out.printf(
                    "%d stalled: %d bytes each; after %d more events %+d bytes each%n",
                    FOLLOWERS,
                    (full - before) / FOLLOWERS,
                    ROUNDS * BURSTS * BURST,
                    (later - full) / FOLLOWERS);
            assertTrue(
                    full - before < FOLLOWERS * BYTES_EACH + SLACK,
                    () -> "held: " + full + " of which before: " + before);
            assertTrue(
                    later - full < FOLLOWERS * 4096L + SLACK / 4,
                    () -> "grown from " + full + " to " + later);
            check(crowded);
        }
    }

    /** Publishes until the sockets of the stalled take no more and their events are evicted. */
    private static void fill(Setup setup, int burst) throws Exception {
        int quiet = 0;
        while (quiet < 2) {
            long before = setup.delivered();
            setup.publish(burst, LARGE);
            quiet = setup.delivered() - before > (long) FOLLOWERS * burst ? 0 : quiet + 1;
        }
        for (int i = 0; i < 70; i += burst) {
            setup.publish(burst, SMALL);
        }
    }

    private static void compare(Setup alone, Setup crowded) throws Exception {
        long[] without = new long[ROUNDS];
        long[] with = new long[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            without[i] = alone.round();
            with[i] = crowded.round();
        }
        Arrays.sort(without);
        Arrays.sort(with);
        double ratio = (double) with[ROUNDS / 2] / without[ROUNDS / 2];
        System.out.printf(
                "%d healthy: p99 %.1f ms, beside as many stalled %.1f ms, %.2f times (medians)%n",
                FOLLOWERS, without[ROUNDS / 2] / 1e6, with[ROUNDS / 2] / 1e6, ratio);
        assertTrue(ratio < 3, "delayed " + ratio + " times");
    }

    /** Lets the stalled read: each has every event, or a gap with the exact bounds. */
    private static void check(Setup setup) throws Exception {
        wake(setup);
        for (Follower follower : setup.healthy) {
            assertEquals(setup.published, follower.last);
        }
        for (Follower follower : setup.stalled) {
            assertEquals(1, follower.gaps.size());
            int all = setup.published - follower.got.getFirst() + 1;
            assertEquals(all - follower.got.size(), follower.gaps.getFirst().missed());
            assertHoles(follower, setup);
        }
    }

    /** With one topic from its start, the number of an event is its position. */
    private static void assertHoles(Follower follower, Setup setup) {
        assertEquals(setup.published, setup.position);
        var gaps = new ArrayList<String>();
        for (LawFollower.Gap gap : follower.gaps) {
            gaps.add(
                    LawTopic.position(String.valueOf(gap.from()))
                            + "-"
                            + LawTopic.position(gap.to()));
        }
        var holes = new ArrayList<String>();
        for (int i = 1; i < follower.got.size(); i++) {
            if (follower.got.get(i) != follower.got.get(i - 1) + 1) {
                holes.add(follower.got.get(i - 1) + "-" + (follower.got.get(i) - 1));
            }
        }
        assertEquals(holes, gaps);
    }

    /** Lets the stalled read and waits until each has the newest event. */
    private static void wake(Setup setup) throws Exception {
        setup.arrived = new CountDownLatch(setup.stalled.size());
        setup.stalled.forEach(follower -> setup.loop.execute(follower::wake));
        setup.await();
    }

    @Test
    void slowFollowersThatAreDisconnectedGetGapAfterReconnect() throws Exception {
        try (var setup = new Setup(keepLittle().onSlow(TopicOptions.OnSlow.DISCONNECT))) {
            setup.connect(setup.healthy, true);
            setup.connect(setup.stalled, false);
            fill(setup, 10);
            wake(setup);
            for (Follower follower : setup.stalled) {
                assertTrue(follower.ended, "it was not disconnected");
                assertEquals(1, follower.gaps.size());
                assertNull(follower.gaps.getFirst().missed());
                assertEquals(1, follower.got.getFirst());
                assertHoles(follower, setup);
            }
            assertEquals(FOLLOWERS, setup.topics.topic("t").stats().disconnected());
        }
    }

    @Test
    void stalledFollowersGetTheLatestEventOfEachKey() throws Exception {
        var options =
                new TopicOptions()
                        .keepEvents(1)
                        .latestBy(event -> event.data().toString().split(" ", 4)[1]);
        try (var setup = new Setup(options)) {
            setup.connect(setup.healthy, true);
            setup.connect(setup.stalled, false);
            fill(setup, 1);
            wake(setup);
            for (Follower follower : setup.stalled) {
                assertTrue(follower.gaps.isEmpty(), follower.gaps::toString);
                // First what the sockets held, then the newest event of each key.
                int buffered = follower.got.size() - KEYS;
                assertTrue(
                        buffered > 0 && buffered < setup.published - KEYS, "nothing was replaced");
                for (int i = 0; i < buffered; i++) {
                    assertEquals(i + 1, follower.got.get(i));
                }
                for (int i = 0; i < KEYS; i++) {
                    assertEquals(setup.published - KEYS + 1 + i, follower.got.get(buffered + i));
                }
            }
        }
    }
}
