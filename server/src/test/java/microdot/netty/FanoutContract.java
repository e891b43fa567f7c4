package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import microdot.Body;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.Microdot;
import microdot.Response;
import microdot.netty.stream.ChannelSink;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many streams of one loop are sent together: each gets its own bytes, whole and in order. */
@Timeout(120)
abstract class FanoutContract extends TransportContract {
    private static final int GROUPS = 8;
    private static final int FOLLOWERS = 64;
    private static final int EVENTS = 600;
    private static final int RESETS = 300;
    private static final int SMALL_BUFFER = 4096;

    private final Topics topics = new Topics();
    private final Random random = new Random(Long.getLong("microdot.test.seed", 7));
    private final int[] published = new int[GROUPS];
    private final CountDownLatch opened = new CountDownLatch(FOLLOWERS);
    private final CountDownLatch whole = new CountDownLatch(FOLLOWERS);
    private int resets;

    private Served served() {
        for (int i = 0; i < GROUPS; i++) {
            topicsOf(i)
                    .forEach(
                            name ->
                                    topics.topic(
                                            name,
                                            new TopicOptions()
                                                    .keepEvents(10_000)
                                                    .keepBytes(64 << 20)));
        }
        return served(
                new Microdot()
                        .get(
                                "/{group:int}",
                                topics.stream(request -> topicsOf(request.intParam("group")))));
    }

    /** Two, so that a stream may get two slices before the bytes of the first are sent. */
    private static List<String> topicsOf(int group) {
        return List.of(group + " even", group + " odd");
    }

    private void publish(int group, String rest) {
        int number = ++published[group];
        topics.publish(topicsOf(group).get(number % 2), group + " " + number + " " + rest);
    }

    /** Mostly small, and sometimes larger than what a socket takes at once. */
    private int size() {
        return random.nextInt(20) == 0 ? random.nextInt(100_000) : random.nextInt(200);
    }

    @Test
    void followerGetsItsOwnEventsInOrderHoweverItReads() throws Exception {
        try (var served = served();
                var loop = new ClientLoop()) {
            List<Follower> followers = connect(served, loop);
            for (int i = 0; i < EVENTS; i++) {
                publish(random.nextInt(GROUPS), "x".repeat(size()));
                if (i % 50 == 0) {
                    loop.call(() -> followers.forEach(this::readSomehow));
                }
            }
            for (int i = 0; i < GROUPS; i++) {
                publish(i, "last");
            }
            loop.call(() -> followers.forEach(Follower::readAll));
            await(whole, loop);
            loop.call(() -> followers.forEach(Follower::leave));
        }
    }

    private void readSomehow(Follower follower) {
        if (random.nextBoolean()) {
            follower.client().take(random.nextInt(20_000));
        } else {
            follower.client().read();
        }
    }

    /** A closed descriptor number is soon reused for another client. */
    @Test
    void newClientGetsNoBytesOfClosedConnection() throws Exception {
        try (var served = served();
                var loop = new ClientLoop()) {
            List<Follower> followers = connect(served, loop);
            while (resets < RESETS) {
                for (int i = 0; i < GROUPS; i++) {
                    publish(i, "x".repeat(random.nextInt(200)));
                }
                loop.call(
                        () -> {
                            Follower one = followers.get(random.nextInt(FOLLOWERS));
                            if (one.last > 0) {
                                one.reconnect();
                                resets++;
                            }
                        });
            }
            loop.call(() -> followers.forEach(Follower::leave));
        }
    }

    /** The end of a stream is handled while its earlier bytes are still in the batch. */
    @Test
    void batchedBytesAreSentBeforeTheEnd() throws Exception {
        var sinks = new LinkedBlockingQueue<BodySink>();
        String chunk = "c\r\ndata: last\n\n\r\n";
        byte[] last = "data: last\n\n".getBytes(UTF_8);
        Body.StreamWriter writer =
                sink -> {
                    sink.feed(
                            space -> {
                                space.put(last, 0, last.length);
                                return false;
                            });
                    sinks.add(sink);
                };
        var app = new Microdot().get("/", request -> new Response(new Body.Stream(writer)));
        try (var served = served(app)) {
            var clients = new ArrayList<RawClient>();
            for (int i = 0; i < FOLLOWERS; i++) {
                clients.add(served.client().get("/"));
            }
            var ofLoop = new HashMap<Executor, List<BodySink>>();
            for (int i = 0; i < FOLLOWERS; i++) {
                BodySink sink = sinks.take();
                ofLoop.computeIfAbsent(sink.loop(), loop -> new ArrayList<>()).add(sink);
            }
            ofLoop.forEach(
                    (loop, all) ->
                            loop.execute(
                                    () -> {
                                        all.forEach(
                                                BodySink::pull); // These go through the pipeline.
                                        all.forEach(BodySink::pull);
                                        all.forEach(FanoutContract::closeWithRetry);
                                    }));
            for (RawClient client : clients) {
                String body = client.readAll().split("\r\n\r\n", 2)[1];
                assertEquals(chunk + chunk + "0\r\n\r\n", body);
                client.close();
            }
        }
    }

    private static void closeWithRetry(BodySink sink) {
        ((ChannelSink) sink).closeWithRetry(CloseReason.SERVER_CLOSING);
    }

    private List<Follower> connect(Served served, ClientLoop loop) throws Exception {
        var followers = new ArrayList<Follower>();
        loop.call(
                () ->
                        IntStream.range(0, FOLLOWERS)
                                .mapToObj(i -> new Follower(i, served, loop))
                                .forEach(followers::add));
        await(opened, loop);
        return followers;
    }

    private static void await(CountDownLatch latch, ClientLoop loop) throws InterruptedException {
        for (int i = 0; !latch.await(1, TimeUnit.SECONDS); i++) {
            loop.check();
            assertTrue(i < 60, () -> "did not arrive: " + latch);
        }
    }

    /** Confined to the client loop. */
    private final class Follower implements StreamClient.Reader {
        private final int number;
        private final Served served;
        private final ClientLoop loop;
        private @Nullable StreamClient client;

        /** The number of the last event on this connection; 0 before the first. */
        private int last;

        Follower(int number, Served served, ClientLoop loop) {
            this.number = number;
            this.served = served;
            this.loop = loop;
            connect();
        }

        private void connect() {
            last = 0;
            var target =
                    new StreamClient.RequestTarget(
                            served.port(),
                            "/" + number % GROUPS,
                            number % 2 == 0 ? 0 : SMALL_BUFFER,
                            served.tls());
            client = new StreamClient(loop, StreamClient.address(number), target, null, this);
        }

        StreamClient client() {
            return Objects.requireNonNull(client);
        }

        void readAll() {
            client().read();
        }

        void reconnect() {
            client().reset();
            connect();
        }

        void leave() {
            client().close();
        }

        @Override
        public void opened(StreamClient opening) {
            opened.countDown();
        }

        @Override
        public void event(StreamClient source, Event event) {
            String[] words = event.data().toString().split(" ", 3);
            int got = Integer.parseInt(words[1]);
            boolean follows = last == 0 || got == last + 1;
            if (Integer.parseInt(words[0]) != number % GROUPS || !follows) {
                throw new AssertionError(
                        number + " got " + words[0] + " " + got + " after " + last);
            }
            last = got;
            if (words[2].equals("last")) {
                whole.countDown();
            }
        }

        @Override
        public void ended(StreamClient source, boolean properly) {
            throw new AssertionError(number + " was disconnected");
        }
    }
}
