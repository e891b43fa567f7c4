package benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Hundreds of followers of one server and their publisher, on one thread. It thus leaves the CPU to
 * the server on the same machine, and knows when an event has reached every follower without
 * synchronization. Confined to one thread.
 */
final class LoadClient implements AutoCloseable {
    /** Connections whose stream has not begun: fewer than the accept queue of a server holds. */
    private static final int CONNECTING = 64;

    /** The limit of events in flight: beyond it the server does not keep up. */
    private static final int ON_THEIR_WAY = 1 << 12;

    private static final long STALLED = Duration.ofSeconds(30).toNanos();

    private final Connections connections;
    private final Payload payload;
    private final List<Stream> streams = new ArrayList<>();
    private final Faults faults = new Faults();
    private final Publisher publisher;

    private int begun;
    private long published;
    private long finished;
    private long deliveries;
    private long lastDelivery;
    private final int[] missing = new int[ON_THEIR_WAY];
    private final long[] due = new long[ON_THEIR_WAY];
    private Times rounds = new Times();
    private Times latencies = new Times();

    /**
     * @param connections are closed with this client, and when the publisher cannot connect
     */
    LoadClient(Connections connections, Payload payload) throws IOException {
        this.connections = connections;
        this.payload = payload;
        try {
            publisher = new Publisher(connections, payload);
        } catch (IOException | RuntimeException e) {
            connections.close();
            throw e;
        }
    }

    /**
     * The results of a run.
     *
     * @param rounds times from publishing an event, or from its due time, until the last follower
     *     has it
     * @param latencies the same until each single follower has it
     */
    record Figures(long deliveries, Duration time, Times rounds, Times latencies) {}

    private final class Stream implements Connections.Receiver {
        final Follower follower = new Follower(payload, faults, LoadClient.this::received);
        private boolean left;

        @Override
        public void begun(int status) {
            if (left) {
                return;
            }
            begun++;
            if (status != 200) {
                throw new IllegalStateException("stream: " + status + " (expected: 200)");
            }
        }

        @Override
        public void take(byte[] bytes, int from, int to) {
            if (!left) {
                follower.take(bytes, from, to);
            }
        }

        @Override
        public void ended() {
            if (!left) {
                faults.ended++;
            }
        }
    }

    Faults faults() {
        return faults;
    }

    // ---- Connecting ----

    /** Opens streams and returns when all have begun. */
    void follow(String path, int count) throws IOException {
        int wanted = begun + count;
        long deadline = System.nanoTime() + STALLED;
        while (begun < wanted) {
            while (streams.size() < wanted && streams.size() - begun < CONNECTING) {
                var stream = new Stream();
                streams.add(stream);
                connections.open(path, stream);
                deadline = System.nanoTime() + STALLED;
            }
            connections.pump(deadline);
            if (System.nanoTime() - deadline > 0) {
                throw stalled(begun + " of " + wanted + " streams have begun");
            }
        }
    }

    /** Closes all streams. */
    void closeStreams() throws IOException {
        streams.forEach(stream -> stream.left = true);
        connections.closeStreams();
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
                connections.pump(patience);
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
            connections.pump(end);
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
        long readAt = System.nanoTime();
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
        connections.pump(Math.min(until, stalled));
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

    @Override
    public void close() throws IOException {
        streams.forEach(stream -> stream.left = true);
        connections.close();
    }
}
