package microdot.netty.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import microdot.ClosingFrames;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.netty.limits.WaitingMemory;
import microdot.netty.stream.ChannelSink;
import microdot.netty.stream.EndedStreams;
import microdot.netty.stream.Framing;
import microdot.netty.stream.LoopStreams;
import microdot.netty.stream.SocketSink;
import microdot.netty.threads.OverdueHandlers;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handlers and close actions that outlive their stream. */
@Timeout(60)
class HandlerThreadsTest {
    private final HandlerThreads handlers =
            new HandlerThreads(1, () -> false, () -> false, Runnable::run);
    private final OverdueHandlers overdue =
            new OverdueHandlers(Duration.ofSeconds(10), Runnable::run);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final List<LogRecord> reports = new ArrayList<>();

    private ChannelSink sink() {
        var streams =
                new LoopStreams(
                        channel.eventLoop(),
                        new ServerOptions(),
                        IoMode.NIO,
                        () -> Duration.ofSeconds(1),
                        handlers,
                        new WaitingMemory(new ServerOptions()),
                        failure -> {},
                        new EndedStreams());
        return new SocketSink(channel, Framing.CHUNKED, ClosingFrames.NONE, streams);
    }

    private void startHandlerThatSwallowsInterrupts(ChannelSink sink) throws Exception {
        handlers.start(
                "client",
                "GET /swallow",
                run -> {
                    run.streams(sink);
                    return this::swallow;
                },
                Assertions::fail);
        begun.await();
    }

    private void swallow() {
        begun.countDown();
        while (released.getCount() > 0) {
            try {
                released.await();
            } catch (InterruptedException swallowed) {
                // As the handlers do that this is about.
            }
        }
    }

    /** Looks when this many seconds have passed since the first look. */
    private void look(long begin, int second) {
        overdue.look(List.of(handlers), begin + Duration.ofSeconds(second).toNanos());
    }

    @Test
    void handlerThatGoesOnAfterItsStreamIsReportedOnceWithItsStack() throws Exception {
        var log = Logger.getLogger("microdot.netty");
        var handler = new Collector();
        log.addHandler(handler);
        try (handlers) {
            ChannelSink sink = sink();
            startHandlerThatSwallowsInterrupts(sink);
            long begin = System.nanoTime();
            look(begin, 0);
            look(begin, 60); // Its stream is open.
            sink.disconnected();
            handlers.interrupt();
            look(begin, 100);
            look(begin, 109);
            assertEquals(List.of(), reports);
            look(begin, 111);
            look(begin, 130);
            assertEquals(1, reports.size());
            assertTrue(reports.getFirst().getMessage().startsWith("GET /swallow still running "));
        } finally {
            released.countDown();
            log.removeHandler(handler);
            handlers.await(System.nanoTime() + Duration.ofSeconds(20).toNanos());
            channel.close();
        }
        assertEquals(0, handlers.size());
    }

    @Test
    void closeActionThatGoesOnIsReportedOnceWithItsStack() throws Exception {
        var log = Logger.getLogger("microdot.netty");
        var handler = new Collector();
        log.addHandler(handler);
        try (handlers) {
            handlers.execute(this::swallow);
            begun.await();
            long begin = System.nanoTime();
            look(begin, 0);
            look(begin, 9);
            assertEquals(List.of(), reports);
            look(begin, 11);
            look(begin, 30);
            assertEquals(1, reports.size());
            String message = reports.getFirst().getMessage();
            assertTrue(message.startsWith("an onClose action still running "), message);
        } finally {
            released.countDown();
            log.removeHandler(handler);
            handlers.await(System.nanoTime() + Duration.ofSeconds(20).toNanos());
            channel.close();
        }
        assertEquals(0, handlers.size());
    }

    /**
     * Collects the reports with the stack of this test. The log belongs to the whole process:
     * servers of other tests may report something meanwhile.
     */
    private final class Collector extends Handler {
        @Override
        public void publish(LogRecord record) {
            Throwable thrown = record.getThrown();
            if (thrown != null && Arrays.stream(thrown.getStackTrace()).anyMatch(this::isSwallow)) {
                reports.add(record);
            }
        }

        private boolean isSwallow(StackTraceElement frame) {
            String testClass = HandlerThreadsTest.class.getName();
            return frame.getClassName().equals(testClass)
                    && frame.getMethodName().equals("swallow");
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
