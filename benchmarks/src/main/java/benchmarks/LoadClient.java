package benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Hundreds of followers of one server and their publisher, on one thread and one selector. It thus
 * leaves the CPU to the server on the same machine, and knows when an event has reached every
 * follower without synchronization. Confined to one thread.
 */
final class LoadClient implements AutoCloseable {
    /** Connections whose stream has not begun: fewer than the accept queue of a server holds. */
    private static final int CONNECTING = 64;

    /** The limit of events in flight: beyond it the server does not keep up. */
    private static final int ON_THEIR_WAY = 1 << 12;

    private static final long STALLED = Duration.ofSeconds(30).toNanos();

    private final InetSocketAddress server;
    private final Payload payload;
    private final Selector selector = Selector.open();
    private final byte[] bytes = new byte[256 << 10];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes);
    private final List<Stream> streams = new ArrayList<>();
    private final Faults faults = new Faults();
    private final Publisher publisher;

    private int begun;
    private long published;
    private long finished;
    private long deliveries;
    private long readAt;
    private long lastDelivery;
    private final int[] missing = new int[ON_THEIR_WAY];
    private final long[] due = new long[ON_THEIR_WAY];
    private Times rounds = new Times();
    private Times latencies = new Times();

    LoadClient(InetSocketAddress server, Payload payload) throws IOException {
        this.server = server;
        this.payload = payload;
        SocketChannel channel = open();
        publisher = new Publisher(channel, payload);
        register(channel, publisher::take);
    }

    /**
     * The results of a run.
     *
     * @param rounds times from publishing an event, or from its due time, until the last follower
     *     has it
     * @param latencies the same until each single follower has it
     */
    record Figures(long deliveries, Duration time, Times rounds, Times latencies) {}

    /** A reader of one connection. */
    private interface Reader {
        void take(byte[] bytes, int from, int to);
    }

    private final class Stream implements Reader {
        final Follower follower = new Follower(payload, faults, LoadClient.this::received);
        final HttpReader reader = new HttpReader(follower::take);
        private boolean open;

        @Override
        public void take(byte[] bytes, int from, int to) {
            reader.feed(bytes, from, to);
            if (!open && reader.isInBody()) {
                open = true;
                begun++;
                if (reader.status() != 200) {
                    throw new IllegalStateException(
                            "stream: " + reader.status() + " (expected: 200)");
                }
            }
        }
    }

    Faults faults() {
        return faults;
    }

    // ---- Connecting ----

    /** Opens streams and returns when all have begun. */
    void follow(String path, int count) throws IOException {
        ByteBuffer request =
                ByteBuffer.wrap(
                        "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
                                .formatted(path)
                                .getBytes(US_ASCII));
        int wanted = begun + count;
        long deadline = System.nanoTime() + STALLED;
        while (begun < wanted) {
            while (streams.size() < wanted && streams.size() - begun < CONNECTING) {
                SocketChannel channel = open();
                channel.write(request.duplicate());
                var stream = new Stream();
                streams.add(stream);
                register(channel, stream);
                deadline = System.nanoTime() + STALLED;
            }
            pump(deadline);
            if (System.nanoTime() - deadline > 0) {
                throw stalled(begun + " of " + wanted + " streams have begun");
            }
        }
    }

    private SocketChannel open() throws IOException {
        SocketChannel channel = SocketChannel.open(server);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        return channel;
    }

    private void register(SocketChannel channel, Reader reader) throws IOException {
        channel.register(selector, SelectionKey.OP_READ, reader);
    }

    /** Closes all streams. */
    void closeStreams() throws IOException {
        for (SelectionKey key : selector.keys()) {
            if (key.attachment() instanceof Stream) {
                key.channel().close();
            }
        }
        selector.selectNow();
        streams.clear();
        begun = 0;
    }

    // ---- Loading ----

    /**
     * Publishes until every follower has got an event. Some servers send the head before they have
     * registered the follower; from here on a missing event is a fault.
     */
    void begin() throws IOException {
        long deadline = System.nanoTime() + STALLED;
        do {
            publish(System.nanoTime());
            long patience = System.nanoTime() + Duration.ofSeconds(1).toNanos();
            while (!(publisher.isIdle() && allHaveBegun()) && System.nanoTime() - patience < 0) {
                pump(patience);
            }
            if (System.nanoTime() - deadline > 0) {
                throw stalled("not every stream got an event");
            }
        } while (!publisher.isIdle() || !allHaveBegun());
        finished = published;
    }

    private boolean allHaveBegun() {
        return streams.stream().allMatch(stream -> stream.follower.hasBegun());
    }

    /**
     * Closed loop: publishes the next event when fewer than {@code outstanding} are in flight,
     * until both the time and the number of events are reached. Sends requests without waiting for
     * the response to the request before (HTTP pipelining): otherwise a server that is slow to
     * answer would have only two events in flight.
     */
    Figures closedLoop(int outstanding, int events, Duration time) throws IOException {
        long start = reset();
        long first = published;
        LongPredicate goOn = now -> published - first < events || now - start < time.toNanos();
        while (true) {
            long now = System.nanoTime();
            boolean ready = outstanding > 1 || publisher.isIdle();
            if (ready && inFlight() < outstanding && goOn.test(now)) {
                publish(now);
                continue;
            }
            if (inFlight() == 0 && publisher.isIdle()) {
                return figures(start);
            }
            pumpOrStall(Long.MAX_VALUE);
        }
    }

    /** Open loop: publishes this many events per second, whether or not earlier ones arrived. */
    Figures rate(double perSecond, int events, Duration time) throws IOException {
        long start = reset();
        long count = Math.max(events, (long) (perSecond * time.toMillis() / 1000));
        for (long i = 0; i < count; i++) {
            long dueAt = start + (long) (i * 1e9 / perSecond);
            for (long early; (early = dueAt - System.nanoTime()) > 0 || !publisher.isIdle(); ) {
                pumpOrStall(early > 0 ? dueAt : Long.MAX_VALUE);
            }
            publish(dueAt);
        }
        while (inFlight() > 0 || !publisher.isIdle()) {
            pumpOrStall(Long.MAX_VALUE);
        }
        return figures(start);
    }

    /** Only reads. */
    Figures listen(Duration time) throws IOException {
        long start = reset();
        long end = start + time.toNanos();
        while (System.nanoTime() - end < 0) {
            pump(end);
        }
        return figures(start);
    }

    private long reset() {
        deliveries = 0;
        rounds = new Times();
        latencies = new Times();
        lastDelivery = System.nanoTime();
        return lastDelivery;
    }

    private Figures figures(long start) {
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        return new Figures(deliveries, time, rounds, latencies);
    }

    private long inFlight() {
        return published - finished;
    }

    private void publish(long dueAt) throws IOException {
        if (inFlight() >= ON_THEIR_WAY) {
            throw stalled(inFlight() + " events are in flight");
        }
        int slot = (int) (published % ON_THEIR_WAY);
        missing[slot] = streams.size();
        due[slot] = dueAt;
        publisher.publish(published++);
    }

    private void received(long number) {
        deliveries++;
        lastDelivery = readAt;
        if (payload.size() == 0) {
            return; // A tick, which this client did not publish.
        }
        int slot = (int) (number % ON_THEIR_WAY);
        long taken = readAt - due[slot];
        latencies.add(taken);
        if (--missing[slot] == 0 && number >= finished) {
            rounds.add(taken);
            finished++;
        }
    }

    // ---- Reading ----

    private void pumpOrStall(long until) throws IOException {
        // Measured on deliveries: a server that lost an event still sends comments.
        long stalled = lastDelivery + STALLED;
        pump(Math.min(until, stalled));
        if (!faults.none()) {
            throw new IllegalStateException(
                    faults.toString()); // A lost event would be awaited for ever.
        }
        if (System.nanoTime() - stalled > 0) {
            throw stalled(inFlight() + " events are in flight");
        }
    }

    private IllegalStateException stalled(String what) {
        return new IllegalStateException("stalled: " + what);
    }

    private void pump(long until) throws IOException {
        long millis = (until - System.nanoTime() + 999_999) / 1_000_000;
        if (millis > 0) {
            selector.select(this::read, millis);
        } else {
            selector.selectNow(this::read);
        }
    }

    private void read(SelectionKey key) {
        try {
            buffer.clear();
            int count = ((SocketChannel) key.channel()).read(buffer);
            if (count < 0) {
                faults.ended++;
                key.channel().close();
                return;
            }
            readAt = System.nanoTime();
            ((Reader) key.attachment()).take(bytes, 0, count);
        } catch (IOException e) {
            faults.ended++;
            key.cancel();
        }
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
