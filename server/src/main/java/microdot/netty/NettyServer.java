package microdot.netty;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import microdot.AccessLog;
import microdot.Call;
import microdot.HttpException;
import microdot.Request;
import microdot.Server;
import microdot.ServerOptions;
import microdot.Tls;
import microdot.internal.Background;
import microdot.internal.ProcessErrors;
import microdot.internal.Uninterrupted;
import microdot.netty.exchange.AccessLogQueue;
import microdot.netty.exchange.HandlerThreads;
import microdot.netty.exchange.ServerContext;
import microdot.netty.http.HttpSetup;
import microdot.netty.io.IoMode;
import microdot.netty.limits.RequestLimit;
import microdot.netty.limits.StreamLimits;
import microdot.netty.limits.WaitingMemory;
import microdot.netty.loop.FatalErrors;
import microdot.netty.loop.LoopConnections;
import microdot.netty.stream.EndedStreams;
import microdot.netty.stream.LoopStreams;
import microdot.netty.threads.CarrierWatchdog;
import microdot.netty.tls.TlsContext;
import org.jspecify.annotations.Nullable;

/** A listening socket, its event loops, and the threads of its handlers. */
final class NettyServer implements Server {
    /** How long the loops may take to abort what is left; less than what a process still has. */
    private static final Duration ABORT = Duration.ofMillis(200);

    /** How long close waits for the loops; a blocked loop never ends. */
    private static final Duration LOOPS_END = Duration.ofSeconds(5);

    // Practically unlimited, and still representable in nanoseconds.
    private static final Duration LONGEST_GRACE = Duration.ofDays(36_500);

    private static final long STANDSTILL = TimeUnit.SECONDS.toNanos(10);

    private static final Logger LOG = System.getLogger("microdot.netty");

    private final ServerOptions options;
    private final Background background;
    private final EventLoopGroup group;
    private final Map<EventLoop, LoopConnections> loops = new HashMap<>();
    private final HandlerThreads handlers;
    private final FatalErrors errors = new FatalErrors();
    private final Consumer<Throwable> processErrors = errors::report;
    private final StreamLimits limits;
    private final RequestLimit requests;
    private final WaitingMemory memory;
    private final EndedStreams ended = new EndedStreams();
    private final @Nullable AccessLogQueue accessLog;
    private final @Nullable TlsContext tls;
    private final Listeners listeners;
    private volatile LoopWatch watch;
    private boolean ownerKnows; // Of the thread of the watch.
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch closed = new CountDownLatch(1);

    private NettyServer(
            BiFunction<Request, @Nullable HttpException, Call> app,
            ServerOptions options,
            IoMode io)
            throws IOException {
        this.options = options;
        Tls wanted = options.tls();
        this.tls = wanted == null ? null : TlsContext.of(wanted, HttpSetup.PROTOCOLS);
        this.limits = new StreamLimits(options);
        this.requests = new RequestLimit(options);
        this.memory = new WaitingMemory(options);
        // One loop for each core and none only for accepting: a loop does that too.
        this.group =
                new MultiThreadIoEventLoopGroup(
                        Runtime.getRuntime().availableProcessors(),
                        new DefaultThreadFactory("microdot-loop", true),
                        io.newHandlerFactory());
        this.handlers =
                new HandlerThreads(
                        options.blockingThreads(),
                        () -> limits.streams() > 0,
                        memory::isFull,
                        group.next());
        this.background = new Background(handlers::isMine);
        for (EventExecutor executor : group) {
            EventLoop loop = (EventLoop) executor;
            var streams =
                    new LoopStreams(
                            loop,
                            options,
                            io,
                            limits::reconnectDelay,
                            handlers,
                            memory,
                            errors::check,
                            ended);
            loops.put(loop, new LoopConnections(loop, options, streams, errors));
        }
        AccessLog log = options.accessLog();
        this.accessLog = log == null ? null : new AccessLogQueue(log);
        var context =
                new ServerContext(
                        app, handlers, limits, requests, memory, options, errors::check, accessLog);
        this.listeners =
                new Listeners(
                        io, group, options, loop -> Objects.requireNonNull(loops.get(loop)), tls);
        listen(context);
        this.watch = newWatch(STANDSTILL);
        ProcessErrors.add(processErrors);
    }

    static NettyServer start(
            BiFunction<Request, @Nullable HttpException, Call> app, ServerOptions options)
            throws IOException {
        return start(app, options, IoMode.best());
    }

    static NettyServer start(
            BiFunction<Request, @Nullable HttpException, Call> app,
            ServerOptions options,
            IoMode io)
            throws IOException {
        return new NettyServer(app, options, io);
    }

    private void listen(ServerContext context) throws IOException {
        try {
            listeners.open(context);
        } catch (IOException | RuntimeException | Error e) {
            shutDownLoops();
            handlers.close();
            closeAccessLog(System.nanoTime());
            background.close();
            throw e;
        }
    }

    private LoopWatch newWatch(long standstill) {
        return new LoopWatch(loops.values(), errors, standstill, this::failed);
    }

    /** Reports blocked event loops with another limit, for tests. */
    void watch(long standstill) {
        watch.stop();
        watch = newWatch(standstill);
    }

    /** Looks at once whether the files of certificates have changed, for tests. */
    void lookAtCertificates() {
        Objects.requireNonNull(tls).look();
    }

    @Override
    public int port() {
        return listeners.port();
    }

    /** Returns the ports of the listeners with TCP, in their order. */
    List<Integer> ports() {
        return listeners.ports();
    }

    /** Returns the port that redirects to HTTPS; -1 if there is none. */
    int redirectPort() {
        return listeners.redirectPort();
    }

    @Override
    public Stats stats() {
        int connections = loops.values().stream().mapToInt(LoopConnections::size).sum();
        int unread = loops.values().stream().mapToInt(LoopConnections::unread).sum();
        return new Stats(
                connections,
                handlers.size(),
                limits.streams(),
                unread,
                requests.size(),
                handlers.queued(),
                limits.rejected(),
                ended.counts(),
                Math.max(0, memory.used()),
                memory.max(),
                CarrierWatchdog.shared().addedCarriers());
    }

    @Override
    public void close(Duration grace) {
        if (!closing.get() && grace.isPositive()) {
            Duration time = grace.compareTo(LONGEST_GRACE) < 0 ? grace : LONGEST_GRACE;
            limits.drain();
            loops.values().forEach(loop -> loop.drain(time));
            awaitStreamless(time);
        }
        close();
    }

    private void awaitStreamless(Duration grace) {
        try {
            // The last stream ends at most one tick after the grace time.
            if (!limits.awaitNone(grace.plusSeconds(1))) {
                LOG.log(
                        Level.INFO,
                        () ->
                                limits.streams()
                                        + " streams are still open at the end of the grace time;"
                                        + " they are closed with a retry");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            Uninterrupted.await(closed::await);
            return;
        }
        try {
            long deadline = System.nanoTime() + options.closeTimeout().toNanos();
            limits.drain();
            listeners.close(options.closeTimeout().toMillis());
            background.interrupt(); // Before the streams end: their clients get the end.
            loops.values().forEach(LoopConnections::stop);
            handlers.await(deadline);
            loops.values().forEach(loop -> loop.awaitEmpty(deadline));
            handlers.await(deadline); // Streams that ended meanwhile may have close actions.
            background.interrupt(); // What handlers have started meanwhile.
            background.await(deadline);
            abortConnections();
            handlers.interrupt();
            watch.stop();
            shutDownLoops();
            handlers.close();
            closeAccessLog(deadline);
            background.close();
        } finally {
            ProcessErrors.remove(processErrors);
            closed.countDown();
        }
    }

    private void closeAccessLog(long deadline) {
        AccessLogQueue log = accessLog;
        if (log != null) {
            log.close();
            log.await(deadline);
        }
    }

    /** Handlers that are interrupted then know that their clients are gone: that is no failure. */
    private void abortConnections() {
        loops.values().forEach(LoopConnections::close);
        long deadline = System.nanoTime() + ABORT.toNanos();
        loops.values().forEach(loop -> loop.awaitEmpty(deadline));
    }

    private void shutDownLoops() {
        // The quiet period is for late tasks, and there are none.
        boolean ended =
                group.shutdownGracefully(0, 5, TimeUnit.SECONDS)
                        .awaitUninterruptibly(LOOPS_END.toMillis());
        if (ended && tls != null) {
            tls.close(); // A blocked loop may still use it.
        }
    }

    /** The server cannot go on. On the thread of the watch. */
    private void failed(Throwable failure) {
        try {
            notifyOwner(failure);
        } finally {
            close(); // Before the log entry, which may block for ever.
        }
        LOG.log(Level.ERROR, "the server could not go on, and has closed", failure);
    }

    /** Once, unless the heap is too full even for that. On the thread of the watch. */
    private void notifyOwner(Throwable failure) {
        Consumer<Throwable> owner = options.onFailure();
        if (owner == null || ownerKnows) {
            return;
        }
        try {
            owner.accept(failure);
        } catch (OutOfMemoryError e) {
            throw e;
        } catch (RuntimeException | Error e) {
            failure.addSuppressed(e);
        }
        ownerKnows = true;
    }

    @Override
    public void awaitClosed() throws InterruptedException {
        closed.await();
    }
}
