package microdot.testing;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import microdot.sse.Event;
import microdot.sse.EventParser;
import org.jspecify.annotations.Nullable;

/**
 * What a client has read of its stream: the events and comments, and which events the test took.
 */
final class Received {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Duration patience;
    private final Queue<Event> events = new ArrayDeque<>();
    private final List<Event> taken = new ArrayList<>();
    private final List<String> comments = new ArrayList<>();
    private final EventParser parser = new EventParser(events::add, comments::add);
    private final @Nullable ByteArrayOutputStream bytes;
    private @Nullable StreamEnd end;

    Received(Duration patience) {
        this(patience, null);
    }

    /**
     * What a client reads.
     *
     * @param bytes takes the body if it is no stream of events
     */
    Received(Duration patience, @Nullable ByteArrayOutputStream bytes) {
        this.patience = patience;
        this.bytes = bytes;
    }

    // ---- Called by the connection ----

    void read(byte[] bytes) {
        lock.lock();
        try {
            if (end == null) {
                if (this.bytes == null) {
                    parser.feed(bytes);
                } else {
                    this.bytes.writeBytes(bytes);
                }
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Only the first end counts. */
    void end(StreamEnd how) {
        lock.lock();
        try {
            if (end == null) {
                end = how;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Drops the events that the test has not taken: the client has disconnected. */
    void disconnect() {
        lock.lock();
        try {
            events.clear();
            end(StreamEnd.CLOSED);
        } finally {
            lock.unlock();
        }
    }

    // ---- Called by the test ----

    Event next() {
        lock.lock();
        try {
            awaitOr(() -> !events.isEmpty() || end != null);
            Event event = events.poll();
            if (event == null) {
                throw new AssertionError("no event arrived; " + story());
            }
            taken.add(event);
            return event;
        } finally {
            lock.unlock();
        }
    }

    StreamEnd awaitEnd() {
        lock.lock();
        try {
            awaitOr(() -> end != null);
            if (end == null) {
                throw new AssertionError("the stream did not end; " + story());
            }
            return end;
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock: waits for the condition, at most as long as patience. */
    private void awaitOr(BooleanSupplier condition) {
        long left = patience.toNanos();
        try {
            while (!condition.getAsBoolean() && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted; " + story(), e);
        }
    }

    private String story() {
        String how = end == null ? "the stream is open" : "the stream ended: " + end;
        return how
                + "; taken before: "
                + taken
                + (events.isEmpty() ? "" : ", not taken: " + events)
                + ", comments: "
                + comments;
    }

    /** Returns whether the stream ends without anything that the test would have to do. */
    boolean endsByItself() {
        lock.lock();
        try {
            awaitOr(() -> end != null);
            return end != null;
        } finally {
            lock.unlock();
        }
    }

    boolean isOpen() {
        lock.lock();
        try {
            return end == null;
        } finally {
            lock.unlock();
        }
    }

    List<Event> notTaken() {
        lock.lock();
        try {
            return List.copyOf(events);
        } finally {
            lock.unlock();
        }
    }

    List<String> comments() {
        lock.lock();
        try {
            return List.copyOf(comments);
        } finally {
            lock.unlock();
        }
    }

    /** The id of the last event that the test took, even if later events have arrived. */
    String lastEventId() {
        lock.lock();
        try {
            String id = taken.isEmpty() ? null : taken.getLast().id();
            return id == null ? "" : id;
        } finally {
            lock.unlock();
        }
    }

    @Nullable Duration retry() {
        lock.lock();
        try {
            return parser.retry();
        } finally {
            lock.unlock();
        }
    }
}
