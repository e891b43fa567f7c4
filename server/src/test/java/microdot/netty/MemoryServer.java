package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntSupplier;
import java.util.regex.Pattern;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.exchange.HandlerThreads;
import microdot.netty.exchange.ServerContext;
import microdot.netty.http.HttpSetup;
import microdot.netty.io.IoMode;
import microdot.netty.limits.ConnectionLimits;
import microdot.netty.limits.MemoryAccount;
import microdot.netty.limits.RequestLimit;
import microdot.netty.limits.StreamLimits;
import microdot.netty.limits.WaitingMemory;
import microdot.netty.loop.FatalErrors;
import microdot.netty.loop.LoopConnections;
import microdot.netty.stream.EndedStreams;
import microdot.netty.stream.LoopStreams;

/**
 * A server without sockets, for one connection at a time: it has everything between the socket and
 * the application. After each connection nothing may be left of it.
 */
final class MemoryServer {
    private static final int PATIENCE =
            60; // Seconds; Jazzer instruments each class that is loaded.
    private static final int PROBE = 32 << 10; // More than a loop collects before it reports.

    /** What the server says of a fault of its client, and of the time that Jazzer takes. */
    private static final Pattern DECLARED =
            Pattern.compile(
                    "was closed, because its PROXY header is (missing|malformed)"
                            + "|blocked a carrier thread");

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
    private final StreamLimits streams;
    private final RequestLimit requests;
    private final WaitingMemory memory;
    private final HandlerThreads handlers;
    private final EventLoop loop;
    private final LoopConnections connections;
    private final HttpSetup setup;

    MemoryServer(Microdot app, ServerOptions options) {
        streams = new StreamLimits(options);
        requests = new RequestLimit(options);
        memory = new WaitingMemory(options);
        loop =
                (EventLoop)
                        new MultiThreadIoEventLoopGroup(
                                        1,
                                        new DefaultThreadFactory("memory-loop", true),
                                        LocalIoHandler.newFactory())
                                .next();
        handlers = new HandlerThreads(4, () -> streams.streams() > 0, memory::isFull, loop);
        var errors = new FatalErrors();
        var shared =
                new LoopStreams(
                        loop,
                        options,
                        IoMode.NIO,
                        streams::reconnectDelay,
                        handlers,
                        memory,
                        errors::check,
                        new EndedStreams());
        connections = new LoopConnections(loop, options, shared, errors);
        var context =
                new ServerContext(
                        app::route,
                        handlers,
                        streams,
                        requests,
                        memory,
                        options,
                        errors::check,
                        null);
        setup =
                new HttpSetup(
                        context,
                        any -> connections,
                        new ConnectionLimits(options),
                        null,
                        options.proxyProtocol());
    }

    /**
     * Serves a client that sends the pieces and then closes its sending side, and returns what it
     * receives.
     *
     * @param patient whether the client waits for the handlers before it closes its side
     */
    byte[] serve(List<byte[]> pieces, boolean patient) throws Exception {
        var logged = new Logged(); // For this input only: other tests of this process log, too.
        try {
            byte[] received = serveLogged(pieces, patient);
            List<String> complaints =
                    logged.complaints().stream()
                            .filter(text -> !DECLARED.matcher(text).find())
                            .toList();
            assertTrue(complaints.isEmpty(), complaints::toString);
            return received;
        } finally {
            logged.close();
        }
    }

    private byte[] serveLogged(List<byte[]> pieces, boolean patient) throws Exception {
        var channel = new MemoryChannel(pieces);
        channel.config().setOption(ChannelOption.ALLOCATOR, allocator);
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        channel.pipeline().addLast(setup);
        loop.register(channel).sync();
        if (patient) {
            awaitHandlers(channel);
        }
        channel.endInput();
        if (!channel.closeFuture().await(PATIENCE, TimeUnit.SECONDS)) {
            throw new TimeoutException("the connection is open " + PATIENCE + " s after its input");
        }
        checkNothingLeft();
        return channel.output();
    }

    /** For a short time: a handler may wait for the rest of a body. */
    private void awaitHandlers(MemoryChannel channel) throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(10);
        do {
            handlers.await(end);
            loop.submit(() -> {}).sync();
        } while (!(channel.isAllRead() && handlers.size() == 0) && System.nanoTime() - end < 0);
    }

    private void checkNothingLeft() throws Exception {
        handlers.await(System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE));
        loop.submit(() -> {}).sync();
        awaitNone("handlers", handlers::size);
        awaitNone("requests", requests::size);
        awaitNone("streams", streams::streams);
        awaitNone("connections", connections::size);
        // What a handler has given to the loop at its end is done too.
        long waiting = loop.submit(this::waitingMemory).get(PATIENCE, TimeUnit.SECONDS);
        assertEquals(0, waiting, "memory");
        assertEquals(0, connections.unread(), "accounts");
        assertEquals(0, allocator.metric().usedHeapMemory(), "buffers");
        assertEquals(0, allocator.metric().usedDirectMemory(), "direct buffers");
    }

    private static void awaitNone(String what, IntSupplier count) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
        while (count.getAsInt() != 0 && System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
        assertEquals(0, count.getAsInt(), what);
    }

    /** Has the loop report all that it has collected. */
    private long waitingMemory() {
        MemoryAccount probe = connections.streams().memory().account(this, () -> {});
        probe.output(PROBE);
        probe.close();
        return memory.used();
    }
}
