package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import microdot.Body;
import microdot.BodySink;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.internal.ProcessErrors;
import microdot.netty.io.IoMode;
import microdot.netty.loop.FatalErrors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server whose event loops stand still or fail. */
@Timeout(60)
class LoopWatchTest {
    private static Microdot failing(Error failure) {
        return new Microdot()
                .get("/", request -> "home")
                .get(
                        "/fail",
                        request ->
                                new Response(
                                        new Body.Stream(
                                                sink -> {
                                                    feedOf(failure, sink);
                                                })));
    }

    private static void feedOf(Error failure, BodySink sink) {
        sink.feed(
                space -> {
                    throw failure;
                });
        sink.loop().execute(sink::pull);
    }

    /** It is written after the close: the next test would find it. */
    private static void awaitEntry(Logged logged) {
        while (logged.complaints("the server could not go on").isEmpty()) {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void serverThatCannotGoOnTellsItsOwnerAndCloses(IoMode io) throws Exception {
        var failure = new OutOfMemoryError("thrown by the test");
        var told = new CompletableFuture<Throwable>();
        var options = new ServerOptions().host("127.0.0.1").port(0).onFailure(told::complete);
        try (var logged = new Logged();
                Server server = NettyServer.start(failing(failure)::route, options, io);
                RawClient client = new RawClient(server.port())) {
            client.get("/fail");
            assertSame(failure, told.get(30, TimeUnit.SECONDS));
            server.awaitClosed();
            awaitEntry(logged);
        }
    }

    @Test
    void ownerForWhomThereWasNoMemoryIsToldAgain() throws Exception {
        var failure = new OutOfMemoryError("thrown by the test");
        var told = new CompletableFuture<Throwable>();
        var calls = new AtomicInteger();
        var options =
                new ServerOptions()
                        .host("127.0.0.1")
                        .port(0)
                        .onFailure(
                                error -> {
                                    if (calls.incrementAndGet() < 3) {
                                        throw new OutOfMemoryError("thrown by the test again");
                                    }
                                    told.complete(error);
                                });
        try (var logged = new Logged();
                Server server = failing(failure).start(options);
                RawClient client = new RawClient(server.port())) {
            client.get("/fail");
            assertSame(failure, told.get(30, TimeUnit.SECONDS));
            server.awaitClosed();
            awaitEntry(logged);
        }
        assertEquals(3, calls.get());
    }

    /** Such as the sweeper of the topics. */
    @Test
    void failureInAThreadOfTheProcessClosesTheServersThatAreOpen() throws Exception {
        var failure = new InternalError("thrown by the test");
        var told = new CompletableFuture<Throwable>();
        var toldLate = new CompletableFuture<Throwable>();
        var options = new ServerOptions().host("127.0.0.1").port(0);
        var app = new Microdot().get("/", request -> "home");
        app.start(options.onFailure(toldLate::complete)).close();
        try (var logged = new Logged();
                Server server = app.start(options.onFailure(told::complete))) {
            ProcessErrors.check(failure);
            assertSame(failure, told.get(30, TimeUnit.SECONDS));
            server.awaitClosed();
            awaitEntry(logged);
        }
        assertFalse(toldLate.isDone());
    }

    @Test
    void otherErrorEndsOneConnectionOnly() throws Exception {
        try (Served served = Served.of(failing(new StackOverflowError("thrown by the test")))) {
            served.expectFailures(1);
            try (RawClient client = served.client()) {
                client.get("/fail").readHead();
                assertEquals("", client.readAll());
            }
            try (RawClient client = served.client()) {
                assertEquals("home", client.get("/").readText());
            }
        }
    }

    @Test
    void onlyErrorsOfTheVirtualMachineAreFatal() {
        var errors = new FatalErrors();
        errors.check(new StackOverflowError());
        errors.check(new AssertionError());
        errors.check(new OutOfMemoryError("Cannot reserve 4096 bytes of direct buffer memory"));
        assertNull(errors.first());
        var fatal = new OutOfMemoryError("Java heap space");
        var wrapped = new IllegalStateException(fatal);
        errors.check(wrapped);
        assertSame(wrapped, errors.first());
    }

    @Test
    void loopThatStandsStillIsReportedWithItsStack() throws Exception {
        var release = new AtomicReference<>(new CountDownLatch(1));
        var reported = new CompletableFuture<LogRecord>();
        var app =
                new Microdot()
                        .get(
                                "/block",
                                request -> new Response(new Body.Stream(block(release.get()))));
        Logger logger = Logger.getLogger("microdot.netty");
        var handler = new Reports(reported);
        logger.addHandler(handler);
        var options =
                new ServerOptions().host("127.0.0.1").port(0).headTimeout(Duration.ofMillis(100));
        try (NettyServer server = NettyServer.start(app::route, options, IoMode.best());
                RawClient first = new RawClient(server.port());
                RawClient second = new RawClient(server.port())) {
            server.watch(TimeUnit.MILLISECONDS.toNanos(300));
            first.get("/block");
            if (!isDone(reported)) { // The loop stood still already, on a busy machine.
                release.getAndSet(new CountDownLatch(1)).countDown();
                second.get("/block");
                assertTrue(isDone(reported));
            }
        } finally {
            release.get().countDown();
            logger.removeHandler(handler);
        }
    }

    private static boolean isDone(CompletableFuture<?> reported) throws Exception {
        try {
            reported.get(10, TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    private static Body.StreamWriter block(CountDownLatch release) {
        return sink -> sink.loop().execute(() -> blockedByTheTest(release));
    }

    private static void blockedByTheTest(CountDownLatch release) {
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Reports extends Handler {
        private final CompletableFuture<LogRecord> first;

        Reports(CompletableFuture<LogRecord> first) {
            this.first = first;
        }

        @Override
        public void publish(LogRecord record) {
            // On a busy machine the other loops may stand still too.
            if (record.getMessage().contains("is blocked; its") && isBlocked(record)) {
                first.complete(record);
            }
        }

        private static boolean isBlocked(LogRecord record) {
            return Arrays.stream(record.getThrown().getStackTrace())
                    .anyMatch(frame -> frame.getMethodName().equals("blockedByTheTest"));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
