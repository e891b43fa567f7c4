package microdot.netty;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/** The connections of one event loop, and the one timer that looks after all of them. */
final class LoopConnections {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final long MAX_TICK = TimeUnit.SECONDS.toNanos(1);
    private static final long MIN_TICK = TimeUnit.MILLISECONDS.toNanos(5);

    private final EventLoop loop;
    private final ServerOptions options;
    private final long halfOpen;
    private final @Nullable EpollTcpInfo info;
    private final SharedChunk space = new SharedChunk();
    private final SendBatch batch;
    private final AtomicInteger size = new AtomicInteger();
    private final CountDownLatch empty = new CountDownLatch(1);

    // Of the event loop alone.
    private final List<HttpConnection> connections = new ArrayList<>();
    private boolean stopping;
    private long drainedBy; // By the wall clock; 0 while nothing ends.

    LoopConnections(EventLoop loop, ServerOptions options, IoMode io) {
        this.loop = loop;
        this.options = options;
        this.halfOpen = options.halfOpen().toNanos();
        this.batch = new SendBatch(loop, io == IoMode.EPOLL_AND_RING);
        this.info = io != IoMode.NIO ? new EpollTcpInfo() : null;
        long tick = tick();
        loop.scheduleAtFixedRate(this::tickAll, tick, tick, TimeUnit.NANOSECONDS);
    }

    /** An eighth of the shortest time that is watched: so much later at most is it noticed. */
    private long tick() {
        long shortest =
                LongStream.of(
                                options.heartbeat().toNanos(),
                                options.halfOpen().toNanos(),
                                options.headTimeout().toNanos(),
                                options.bodyTimeout().toNanos(),
                                options.idleTimeout().toNanos())
                        .filter(nanos -> nanos > 0)
                        .min()
                        .orElse(MAX_TICK);
        return Math.clamp(shortest / 8, MIN_TICK, MAX_TICK);
    }

    private void tickAll() {
        space.forget();
        long now = System.nanoTime();
        // Backwards: what leaves is replaced by the last, which has had its turn.
        for (int i = connections.size() - 1; i >= 0; i--) {
            tick(connections.get(i), now);
        }
    }

    /** What fails for one connection ends that one; out of here it would end the timer of all. */
    private static void tick(HttpConnection connection, long now) {
        try {
            connection.tick(now);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a connection could not be looked after", e);
            connection.cut();
        }
    }

    /** False when the server stops and takes no more. */
    boolean add(HttpConnection connection) {
        connection.index = connections.size();
        connections.add(connection);
        size.incrementAndGet();
        return !stopping;
    }

    void remove(HttpConnection connection) {
        HttpConnection last = connections.removeLast();
        if (last != connection) {
            connections.set(connection.index, last);
            last.index = connection.index;
        }
        size.decrementAndGet();
        if (connections.isEmpty()) {
            space.forget(); // No tick may follow, when the server stops.
        }
        signalWhenEmpty();
    }

    private void signalWhenEmpty() {
        if (stopping && connections.isEmpty()) {
            empty.countDown();
        }
    }

    /** What feeds fill, one after another. On the event loop. */
    SharedChunk space() {
        return space;
    }

    /** What they are sent together. On the event loop. */
    SendBatch batch() {
        return batch;
    }

    int size() {
        return size.get();
    }

    boolean isGone(Channel channel, DeadPeerProbe state, long lastWrite, long now) {
        return info != null
                && halfOpen > 0
                && channel instanceof EpollSocketChannel epoll
                && epoll.isOpen() // The heartbeat just written may have found it broken.
                && state.isGone(epoll, info, lastWrite, now, halfOpen);
    }

    /** From any thread: gives each stream a moment within the time at which it ends. */
    void drain(Duration grace) {
        loop.execute(
                () -> {
                    drainedBy = System.currentTimeMillis() + grace.toMillis();
                    connections.forEach(this::began);
                });
    }

    /** A stream has begun, perhaps one that was let in just before the others were told to end. */
    void began(HttpConnection connection) {
        if (drainedBy > 0) {
            long now = System.currentTimeMillis();
            long wait = ThreadLocalRandom.current().nextLong(Math.max(1, drainedBy - now + 1));
            connection.endStreamAt(Instant.ofEpochMilli(now + wait));
        }
    }

    /** From any thread: ends what can be ended. */
    void stop() {
        loop.execute(
                () -> {
                    stopping = true;
                    List.copyOf(connections).forEach(HttpConnection::stop);
                    signalWhenEmpty();
                });
    }

    /**
     * From any thread, when the loop is to end: cuts what is left. Netty would not, where a loop
     * learns in the midst of its tasks that it is to end.
     */
    void close() {
        loop.execute(
                () -> {
                    batch.close();
                    List.copyOf(connections).forEach(HttpConnection::cut);
                });
    }

    /**
     * Waits until every connection is closed, or the deadline has come. Not shorter for an
     * interrupt.
     */
    void awaitEmpty(long deadline) {
        boolean interrupted = false;
        boolean inTime = false;
        while (!inTime && deadline - System.nanoTime() > 0) {
            try {
                inTime = empty.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        // What is left is cut by the loops' end.
        LOG.log(Level.DEBUG, inTime ? "all connections are closed" : "connections are cut");
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
