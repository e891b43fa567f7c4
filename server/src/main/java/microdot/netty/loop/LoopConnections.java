package microdot.netty.loop;

import io.netty.channel.EventLoop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import microdot.ServerOptions;
import microdot.internal.Uninterrupted;
import microdot.netty.stream.LoopStreams;
import org.jspecify.annotations.Nullable;

/** The connections of one event loop, and the one timer that checks all of them. */
public final class LoopConnections {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final long MAX_TICK = TimeUnit.SECONDS.toNanos(1);
    private static final long MIN_TICK = TimeUnit.MILLISECONDS.toNanos(5);

    private final EventLoop loop;
    private final LoopStreams streams;
    private final FatalErrors errors;
    private final AtomicInteger size = new AtomicInteger();
    private final CountDownLatch empty = new CountDownLatch(1);

    // Written on the event loop, read by the thread that watches it.
    private volatile @Nullable Thread thread;
    private volatile long lastTick = System.nanoTime();

    /** Confined to the thread that watches the loop. */
    private long reportedAt = lastTick;

    // Confined to the event loop.
    private final List<Connection> connections = new ArrayList<>();
    private boolean stopping;
    private boolean draining;
    private long drainedBy; // As System.nanoTime gives it.

    /** Creates the empty list of a loop and starts its timer. */
    public LoopConnections(
            EventLoop loop, ServerOptions options, LoopStreams streams, FatalErrors errors) {
        this.errors = errors;
        this.loop = loop;
        this.streams = streams;
        long tick = tickInterval(options);
        // The first tick at once: before it the thread is unknown, and its standstill too.
        loop.scheduleAtFixedRate(this::tickAll, 0, tick, TimeUnit.NANOSECONDS);
    }

    /** An eighth of the shortest timeout: no timeout is noticed later than that. */
    private static long tickInterval(ServerOptions options) {
        long shortest =
                LongStream.of(
                                options.heartbeat().toNanos(),
                                options.halfOpen().toNanos(),
                                options.headTimeout().toNanos(),
                                options.bodyTimeout().toNanos(),
                                options.idleTimeout().toNanos(),
                                options.stallTimeout().toNanos())
                        .filter(nanos -> nanos > 0)
                        .min()
                        .orElse(MAX_TICK);
        return Math.clamp(shortest / 8, MIN_TICK, MAX_TICK);
    }

    private void tickAll() {
        thread = Thread.currentThread();
        long now = System.nanoTime();
        lastTick = now;
        releaseGuarded();
        // Backwards: a removed connection is replaced by the last one, which was already checked.
        for (int i = connections.size() - 1; i >= 0; i--) {
            tick(connections.get(i), now);
        }
    }

    /** If a failure got out of here, it would end the timer. */
    private void releaseGuarded() {
        try {
            streams.release();
        } catch (RuntimeException | Error e) {
            errors.check(e);
            LOG.log(Level.ERROR, "the timer of an event loop failed; it goes on", e);
        }
    }

    /** A failure ends its own connection; if it got out of here, it would end the timer. */
    private void tick(Connection connection, long now) {
        try {
            connection.tick(now);
        } catch (RuntimeException | Error e) {
            errors.check(e);
            LOG.log(Level.ERROR, "the timer of a connection failed; it is closed", e);
            connection.abort();
        }
    }

    /**
     * Adds a connection, on the event loop.
     *
     * @return false if the server is stopping: the caller must close the connection
     */
    public boolean add(Connection connection) {
        connection.index = connections.size();
        connections.add(connection);
        size.incrementAndGet();
        return !stopping;
    }

    /** Removes a connection if it was added. On the event loop. */
    public void remove(Connection connection) {
        int index = connection.index;
        if (index < 0) {
            return;
        }
        Connection last = connections.removeLast();
        if (last.index != index) {
            connections.set(index, last);
            last.index = index;
        }
        connection.index = -1;
        size.decrementAndGet();
        if (connections.isEmpty()) {
            streams.release(); // There may be no further tick if the server stops.
        }
        signalWhenEmpty();
    }

    private void signalWhenEmpty() {
        if (stopping && connections.isEmpty()) {
            empty.countDown();
        }
    }

    /** Returns whether the thread of the loop has ended. From any thread. */
    public boolean hasEnded() {
        return loop.isShuttingDown();
    }

    /**
     * Returns the thread of the loop if it has not run its timer for this long, and again after
     * each such time, because it may be blocked elsewhere then; else null. On the thread that
     * watches the loops.
     *
     * @param now from {@link System#nanoTime}
     */
    public @Nullable Thread standsStill(long now, long nanos) {
        long tick = lastTick;
        long from = reportedAt - tick > 0 ? reportedAt : tick;
        if (now - from <= nanos) {
            return null;
        }
        reportedAt = now;
        return thread;
    }

    /** Returns the errors after which the server cannot go on. */
    public FatalErrors errors() {
        return errors;
    }

    /** Returns what the streams of this loop share. */
    public LoopStreams streams() {
        return streams;
    }

    /** Returns the number of connections. From any thread. */
    public int size() {
        return size.get();
    }

    /** Returns the number of connections with bytes that wait. From any thread. */
    public int unread() {
        return streams.memory().connections();
    }

    /** Gives each stream a random moment within the time at which it ends. From any thread. */
    public void drain(Duration grace) {
        onLoop(
                () -> {
                    draining = true;
                    drainedBy = System.nanoTime() + grace.toNanos();
                    connections.forEach(connection -> connection.drain(this::end));
                });
    }

    /**
     * Notes that a stream has begun. It may have been admitted just before the others were drained,
     * and is then drained like them. On the event loop.
     *
     * @param endBy ends the stream at a time of {@link System#nanoTime}
     */
    public void streamBegan(LongConsumer endBy) {
        if (draining) {
            endBy.accept(end());
        }
    }

    /** Returns a random moment within the time at which streams end. */
    private long end() {
        long now = System.nanoTime();
        return now + ThreadLocalRandom.current().nextLong(Math.max(1, drainedBy - now + 1));
    }

    /** A loop that has ended after a failure takes no tasks. */
    private void onLoop(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            empty.countDown();
        }
    }

    /** Stops every connection; requests in progress get their response. From any thread. */
    public void stop() {
        onLoop(
                () -> {
                    stopping = true;
                    List.copyOf(connections).forEach(Connection::stop);
                    signalWhenEmpty();
                });
    }

    /**
     * Closes the remaining connections before the loop ends. From any thread. Netty does not close
     * them if the loop learns while it runs tasks that it is to end.
     */
    public void close() {
        onLoop(
                () -> {
                    streams.close();
                    List.copyOf(connections).forEach(Connection::abort);
                });
    }

    /**
     * Waits until every connection is closed, or the deadline is reached. An interrupt does not
     * shorten the wait.
     *
     * @param deadline a time of {@link System#nanoTime}
     */
    public void awaitEmpty(long deadline) {
        Uninterrupted.await(() -> empty.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS));
        boolean inTime = empty.getCount() == 0;
        LOG.log(
                Level.DEBUG,
                inTime
                        ? "all connections of a loop are closed"
                        : "the close timeout is over; the remaining connections are closed");
    }
}
