package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import microdot.Logged;
import microdot.internal.ProcessErrors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Errors of the JVM in the threads of the core close every server of the process. */
@Timeout(60)
class FrameworkFailureTest {
    private final InternalError failure = new InternalError("thrown by the test");
    private final BlockingQueue<Throwable> told = new LinkedBlockingQueue<>();
    private final Consumer<Throwable> server = told::add;
    private final Logger logger = Logger.getLogger("microdot.sse");

    @BeforeEach
    void add() {
        ProcessErrors.add(server);
        logger.setLevel(Level.OFF);
    }

    @AfterEach
    void remove() {
        ProcessErrors.remove(server);
        logger.setLevel(null);
    }

    private void fail() {
        throw failure;
    }

    private void assertTold() throws InterruptedException {
        assertSame(failure, told.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void sweeperTellsTheServers() throws Exception {
        Sweeper.guarded(this::fail);
        assertTold();
    }

    @Test
    void deadlinesTellTheServers() throws Exception {
        Deadlines.Timed timed = new FailingCode();
        Deadlines.add(timed);
        try {
            assertTold();
        } finally {
            Deadlines.remove(timed);
        }
    }

    @Test
    void threadsOfFollowersTellTheServers() throws Exception {
        follower().onFrameworkThread(List.of("a"), this::fail);
        assertTold();
    }

    /** Its memory is released with it. */
    @Test
    void codeOfTheApplicationDoesNotTellThem() throws Exception {
        var ended = new LinkedBlockingQueue<Boolean>();
        FollowerThreads follower = follower();
        follower.sink.onClose(() -> ended.add(true));
        follower.onThread(List.of("a"), this::fail);
        assertEquals(true, ended.poll(20, TimeUnit.SECONDS));
        assertTrue(told.isEmpty());
    }

    @Test
    void failureIsLoggedWithTopics() {
        logger.setLevel(null);
        try (var log = new Logged("microdot.sse")) {
            follower().guarded(List.of("a", "b"), this::fail);
            assertEquals(
                    List.of(
                            "a follower of topics [\"a\", \"b\"] could not be served; its connection was"
                                    + " closed"),
                    log.messages());
        }
    }

    @Test
    void subscriptionsTellTheServers() throws Exception {
        var sink = new InProcessSink(event -> {}, () -> true, () -> {}, more -> {});
        sink.feed(
                space -> {
                    throw failure;
                });
        sink.request();
        assertTold();
    }

    @Test
    void onlyErrorsOfTheJvmAreTold() {
        ProcessErrors.check(new StackOverflowError());
        ProcessErrors.check(new AssertionError());
        ProcessErrors.check(new OutOfMemoryError("Cannot reserve 8 bytes of direct buffer memory"));
        assertTrue(told.isEmpty());
        ProcessErrors.check(new IllegalStateException(failure));
        assertFalse(told.isEmpty());
    }

    @Test
    void serverThatHasClosedIsToldNoMore() {
        Consumer<Throwable> other = error -> {};
        ProcessErrors.add(other);
        ProcessErrors.remove(server);
        ProcessErrors.check(failure);
        assertTrue(told.isEmpty());
        ProcessErrors.remove(other);
        ProcessErrors.remove(other);
    }

    private final class FailingCode implements Deadlines.Timed {
        @Override
        public void checkDeadline(long now) {
            fail();
        }

        @Override
        public @Nullable Thread thread() {
            return null;
        }

        @Override
        public String name() {
            return "test";
        }

        @Override
        public String advice() {
            return "";
        }
    }

    private static FollowerThreads follower() {
        return new FollowerThreads(
                new InProcessSink(event -> {}, () -> true, () -> {}, more -> {})) {};
    }
}
