package microdot.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.BodySink;
import microdot.CloseReason;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every {@link BodySink} does, whatever its bytes go to. */
@Timeout(60)
public abstract class BodySinkContract {
    private BodySink sink;

    /** Opens the sink that the test uses. */
    protected abstract BodySink open() throws Exception;

    /** Waits until the client has received {@code count} events, and returns the data of each. */
    protected abstract List<String> received(int count) throws Exception;

    /** Whether the sink can end; a stand-in that lives as long as its test may not. */
    protected boolean ends() {
        return true;
    }

    /** Waits until the loop has run what it was given. A loop that the test runs is run here. */
    protected void runLoop() throws Exception {
        var ran = new CountDownLatch(1);
        sink.loop().execute(ran::countDown);
        ran.await();
    }

    @BeforeEach
    void openSink() throws Exception {
        sink = open();
    }

    private static byte[] event(String data) {
        return ("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Puts one event in each fill. */
    private static final class Events implements BodySink.Feed {
        private final Queue<String> left = new ArrayDeque<>();
        private final List<Integer> rooms = Collections.synchronizedList(new ArrayList<>());

        Events(String... events) {
            left.addAll(List.of(events));
        }

        @Override
        public boolean fill(BodySink.Space space) {
            rooms.add(space.room());
            String data = left.poll();
            if (data != null) {
                byte[] bytes = event(data);
                space.put(bytes, 0, bytes.length);
                rooms.add(space.room());
            }
            return !left.isEmpty();
        }
    }

    private void feed(Events events) throws Exception {
        sink.feed(events);
        runLoop();
        sink.loop().execute(sink::pull);
        runLoop();
    }

    @Test
    void writesArriveInOrder() throws Exception {
        for (String data : List.of("a", "b", "c")) {
            sink.write(event(data));
            runLoop();
        }
        assertEquals(List.of("a", "b", "c"), received(3));
    }

    @Test
    void feedIsFilledUntilItHasNoMore() throws Exception {
        feed(new Events("a", "b", "c"));
        assertEquals(List.of("a", "b", "c"), received(3));
    }

    @Test
    void fillHasRoomForOneSliceAtMost() throws Exception {
        var events = new Events("a");
        feed(events);
        assertEquals(List.of("a"), received(1));
        int before = events.rooms.get(0);
        assertTrue(before > 0 && before <= BodySink.SLICE_BYTES, () -> "room: " + before);
        assertEquals(before - event("a").length, events.rooms.get(1));
    }

    @Test
    void pullWithoutFeedDoesNothing() throws Exception {
        sink.loop().execute(sink::pull);
        runLoop();
        sink.write(event("a"));
        runLoop();
        assertEquals(List.of("a"), received(1));
    }

    @Test
    void writesArriveBesideAFeed() throws Exception {
        feed(new Events("a"));
        assertEquals(List.of("a"), received(1));
        sink.write(event("b"));
        runLoop();
        assertEquals(List.of("b"), received(1));
    }

    @Test
    void loopRunsTasksInOrderOnOneThread() throws Exception {
        var threads = Collections.synchronizedList(new ArrayList<Thread>());
        var order = Collections.synchronizedList(new ArrayList<Integer>());
        for (int i = 0; i < 10; i++) {
            int number = i;
            sink.loop()
                    .execute(
                            () -> {
                                threads.add(Thread.currentThread());
                                order.add(number);
                            });
        }
        runLoop();
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), order);
        assertEquals(1, threads.stream().distinct().count());
    }

    @Test
    void endComesAfterWhatWasWritten() throws Exception {
        assumeTrue(ends());
        assertTrue(sink.isOpen());
        sink.write(event("a"));
        sink.end();
        runLoop();
        assertFalse(sink.isOpen());
        assertEquals(List.of("a"), received(1));
    }

    @Test
    void writeAfterTheEndThrows() throws Exception {
        assumeTrue(ends());
        sink.end();
        runLoop();
        assertThrows(ClosedChannelException.class, () -> sink.write(event("a")));
    }

    @Test
    void writeAfterAnAbortThrows() throws Exception {
        assumeTrue(ends());
        sink.abort();
        runLoop();
        assertFalse(sink.isOpen());
        assertThrows(ClosedChannelException.class, () -> sink.write(event("a")));
    }

    @Test
    void closeActionRunsOnceHoweverOftenTheSinkEnds() throws Exception {
        assumeTrue(ends());
        var runs = new AtomicInteger();
        var ran = new CountDownLatch(1);
        sink.onClose(runs::incrementAndGet);
        sink.onClose(ran::countDown);
        assertEquals(0, runs.get());
        sink.end();
        sink.end();
        sink.abort();
        runLoop();
        assertTrue(ran.await(10, TimeUnit.SECONDS));
        assertEquals(1, runs.get());
    }

    @Test
    void closeActionFindsTheFirstReason() throws Exception {
        assumeTrue(ends());
        assertNull(sink.closeReason());
        var found = new CompletableFuture<CloseReason>();
        sink.onClose(() -> found.complete(sink.closeReason()));
        sink.end(CloseReason.DEADLINE);
        sink.abort(CloseReason.LAGGED);
        runLoop();
        assertEquals(CloseReason.DEADLINE, found.get(10, TimeUnit.SECONDS));
        assertEquals(CloseReason.DEADLINE, sink.closeReason());
    }

    @Test
    void usualEndsHaveTheirReasons() throws Exception {
        assumeTrue(ends());
        sink.end();
        runLoop();
        assertEquals(CloseReason.HANDLER_RETURNED, sink.closeReason());
    }

    @Test
    void abortIsAFailure() throws Exception {
        assumeTrue(ends());
        sink.abort();
        runLoop();
        assertEquals(CloseReason.FAILED, sink.closeReason());
    }

    @Test
    void closeActionRunsAtOnceAfterTheEnd() throws Exception {
        assumeTrue(ends());
        sink.end();
        runLoop();
        var runs = new AtomicInteger();
        sink.onClose(runs::incrementAndGet);
        assertEquals(1, runs.get());
    }

    @Test
    void blockingCloseActionRunsOnAVirtualThread() throws Exception {
        assumeTrue(ends());
        var virtual = new CompletableFuture<Boolean>();
        sink.afterClose(() -> virtual.complete(Thread.currentThread().isVirtual()));
        sink.abort();
        runLoop();
        assertTrue(virtual.get(10, TimeUnit.SECONDS));
    }

    @Test
    void pullAfterTheEndDoesNotFill() throws Exception {
        assumeTrue(ends());
        var events = new Events("a", "b");
        sink.feed(events);
        runLoop();
        sink.end();
        runLoop();
        sink.loop().execute(sink::pull);
        runLoop();
        assertEquals(List.of(), events.rooms);
    }
}
