package microdot.testing;

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

/** What a client has read of its stream, and what the test has taken of that. */
final class Received {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Duration patience;
    private final Queue<Event> events = new ArrayDeque<>();
    private final List<Event> taken = new ArrayList<>();
    private final List<String> comments = new ArrayList<>();
    private final EventParser parser = new EventParser(events::add, comments::add);
    private TestStream.@Nullable End end;

    Received(Duration patience) {
        this.patience = patience;
    }

    // ---- From the connection ----

    void read(byte[] bytes) {
        lock.lock();
        try {
            if (end == null) {
                parser.feed(bytes);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The first end counts. */
    void end(TestStream.End how) {
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

    /** Drops what nobody took: the client has left. */
    void leave() {
        lock.lock();
        try {
            events.clear();
            end(TestStream.End.CLOSED);
        } finally {
            lock.unlock();
        }
    }

    // ---- From the test ----

    Event next() {
        lock.lock();
        try {
            awaitOr(() -> !events.isEmpty() || end != null);
            Event event = events.poll();
            if (event == null) {
                throw new AssertionError("no event came; " + story());
            }
            taken.add(event);
            return event;
        } finally {
            lock.unlock();
        }
    }

    TestStream.End awaitEnd() {
        lock.lock();
        try {
            awaitOr(() -> end != null);
            if (end == null) {
                throw new AssertionError("the stream does not end; " + story());
            }
            return end;
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock: waits for the condition, or until patience ends. */
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
        String how = end == null ? "the stream is open" : "the stream has ended: " + end;
        return how
                + "; before came "
                + taken
                + (events.isEmpty() ? "" : ", not taken " + events)
                + ", comments "
                + comments;
    }

    /** Whether the end comes, and nothing more has to be done for it. */
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

    List<Event> left() {
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

    /** Of what was taken, not of what came: a test that took two events is where it says. */
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
