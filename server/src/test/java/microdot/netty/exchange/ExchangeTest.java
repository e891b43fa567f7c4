package microdot.netty.exchange;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Filter;
import java.util.logging.Logger;
import microdot.ClosingFrames;
import microdot.Headers;
import microdot.Microdot;
import microdot.Request;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.netty.limits.HandedBodies;
import microdot.netty.limits.RequestLimit;
import microdot.netty.limits.StreamLimits;
import microdot.netty.limits.WaitingMemory;
import microdot.netty.stream.ChannelSink;
import microdot.netty.stream.EndedStreams;
import microdot.netty.stream.Framing;
import microdot.netty.stream.LoopStreams;
import microdot.netty.stream.SocketSink;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Exchanges on a connection that is not HTTP/1.1. */
@Timeout(60)
class ExchangeTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Topics topics = new Topics();
    private final HandlerThreads handlers =
            new HandlerThreads(1, () -> false, () -> false, Runnable::run);
    private final WaitingMemory memory = new WaitingMemory(new ServerOptions());
    private final LoopStreams streams =
            new LoopStreams(
                    channel.eventLoop(),
                    new ServerOptions(),
                    IoMode.NIO,
                    () -> Duration.ofSeconds(1),
                    handlers,
                    memory,
                    failure -> {},
                    new EndedStreams());
    private final BlockingQueue<OpenedResponse> heads = new LinkedBlockingQueue<>();
    private final Microdot app =
            new Microdot().get("/", request -> "home").get("/topic", topics.stream("topic"));

    @AfterEach
    void close() {
        streams.release(); // Else its last frame would be reported as a leak.
        assertFalse(channel.finish(), "bytes were sent after those that the test read");
    }

    private ServerContext server(ServerOptions options) {
        return new ServerContext(
                app::route,
                handlers,
                new StreamLimits(options),
                new RequestLimit(options),
                memory,
                options,
                failure -> {},
                null);
    }

    private static Request get(String path) {
        return new Request(
                "GET", path, new Headers(), new byte[0], new InetSocketAddress(9), "http");
    }

    /** Sends bytes without framing, as HTTP/2 would give each stream its own channel. */
    private final class ChannelResponder implements Responder {
        private final Executor loop;

        ChannelResponder(Executor loop) {
            this.loop = loop;
        }

        @Override
        public Executor loop() {
            return loop;
        }

        @Override
        public HandedBodies handed() {
            return new HandedBodies(memory);
        }

        @Override
        public void respond(OpenedResponse response, @Nullable Observation observation) {
            heads.add(response);
        }

        @Override
        public ChannelSink openStream(ClosingFrames closingFrames) {
            return new SocketSink(channel, Framing.NONE, closingFrames, streams);
        }

        @Override
        public void beginStream(OpenedResponse head, ChannelSink sink) {
            heads.add(head);
            channel.writeOutbound(Unpooled.copiedBuffer("head\n", UTF_8));
        }

        @Override
        public void abort() {
            channel.close();
        }
    }

    private void begin(ServerContext server, String path) {
        var responder = new ChannelResponder(channel.eventLoop());
        new Exchange(server, get(path), responder, null).begin();
        channel.runPendingTasks();
    }

    /** Returns everything that was sent so far. */
    private String sent() {
        channel.runPendingTasks();
        var text = new StringBuilder();
        for (ByteBuf bytes = channel.readOutbound(); bytes != null; ) {
            text.append(bytes.toString(UTF_8));
            bytes.release();
            bytes = channel.readOutbound();
        }
        return text.toString();
    }

    @Test
    void handlerOnItsThreadRespondsThroughTheResponder() throws Exception {
        ServerContext server = server(new ServerOptions());
        // Tasks run at once, because nothing polls the channel's loop from the handler's thread.
        new Exchange(server, get("/"), new ChannelResponder(Runnable::run), null).begin();
        OpenedResponse response = heads.take();
        assertEquals("home", ((ByteBuf) response.content()).toString(UTF_8));
        assertEquals(4, response.length());
        response.release();
    }

    @Test
    void handlerThatIsInterruptedWhileTheLoopIsBusyHasNotFailed() throws Exception {
        var entered = new CountDownLatch(1);
        app.get(
                "/wait",
                request -> {
                    entered.countDown();
                    Thread.sleep(Long.MAX_VALUE);
                    return "";
                });
        var errors = new ConcurrentLinkedQueue<String>();
        Logger logger = Logger.getLogger("microdot");
        Filter before = logger.getFilter();
        logger.setFilter(record -> errors.add(record.getMessage()));
        try {
            ServerContext server = server(new ServerOptions());
            new Exchange(server, get("/wait"), new ChannelResponder(Runnable::run), null).begin();
            entered.await();
            handlers.interrupt(); // The event loop has not yet said that the client is gone.
            heads.take().release();
        } finally {
            logger.setFilter(before);
        }
        assertEquals(List.of(), List.copyOf(errors));
    }

    @Test
    void topicStreamWritesAfterItsHeadAndNeedsNoThread() {
        ServerContext server = server(new ServerOptions());
        begin(server, "/topic");
        assertEquals("head\n", sent());
        assertEquals(1, server.limits().streams());
        topics.publish("topic", "one");
        assertTrue(sent().endsWith("data: one\n\n"));
        assertEquals(0, handlers.size());
    }

    @Test
    void streamBeyondTheLimitIsRejectedWithoutASink() {
        ServerContext server = server(new ServerOptions().maxStreams(1));
        begin(server, "/topic");
        assertEquals("head\n", sent());
        heads.clear();
        begin(server, "/topic");
        OpenedResponse rejection = heads.remove();
        assertEquals(503, rejection.response().status());
        rejection.release();
        assertEquals(1, server.limits().streams());
    }

    @Test
    void streamIsNotCountedIfTheServerHasStopped() {
        ServerContext server = server(new ServerOptions());
        Executor stopped =
                task -> {
                    throw new RejectedExecutionException();
                };
        new Exchange(server, get("/topic"), new ChannelResponder(stopped), null).begin();
        assertEquals(0, server.limits().streams());
        assertTrue(heads.isEmpty());
    }
}
