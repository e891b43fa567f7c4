package microdot.sse;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.internal.BriefLock;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * Follows topics within the process, through the same cursors as a client on the network: what it
 * has not read is in the topic's log only, and what it has lost is reported by an event named
 * {@code gap}. For one thread, except {@link #close}.
 *
 * <p>A subscription ends by itself when a topic disconnects it because it is slow ({@link
 * TopicOptions.OnSlow#DISCONNECT}) or a topic's snapshot fails. The events before that are still
 * returned. The last of them may be a {@code checkpoint}, the id of which is where {@link
 * Topics#followAfter} continues.
 */
public final class Subscription implements Iterator<Event>, AutoCloseable {
    private final InProcessSink sink;
    private final BriefLock lock = new BriefLock();

    // Guarded by the lock.
    private final Queue<Event> events = new ArrayDeque<>();
    private @Nullable CountDownLatch change; // Made by a thread that waits.
    private boolean ended;
    private boolean closed; // By its user: no more events are wanted.

    Subscription() {
        sink = new InProcessSink(this::offer, this::isEmpty, this::wake, more -> {});
    }

    BodySink sink() {
        return sink;
    }

    /**
     * Waits for the next event.
     *
     * @return false when the subscription is closed, or this thread is interrupted (the interrupt
     *     flag is kept)
     */
    @Override
    public boolean hasNext() {
        try {
            return await(Long.MAX_VALUE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Waits for the next event and removes it.
     *
     * @throws NoSuchElementException when {@link #hasNext} would return false
     */
    @Override
    public Event next() {
        if (!hasNext()) {
            throw new NoSuchElementException(
                    "the subscription is closed, or its thread was interrupted");
        }
        return take();
    }

    /**
     * Waits for the next event and removes it. Returns null when none comes in time or the
     * subscription is closed.
     */
    public @Nullable Event poll(Duration timeout) throws InterruptedException {
        Required.notNull(timeout, "timeout", "a duration");
        return await(TimeUnit.NANOSECONDS.convert(timeout)) ? take() : null;
    }

    private boolean await(long nanos) throws InterruptedException {
        long begun = System.nanoTime();
        boolean asked = false;
        while (true) {
            CountDownLatch wait;
            long left = Math.max(0, nanos) - (System.nanoTime() - begun);
            lock.lock();
            try {
                if (!events.isEmpty() || ended || left <= 0) {
                    return !events.isEmpty() && !closed;
                }
                wait = change == null ? new CountDownLatch(1) : change;
                change = wait;
            } finally {
                lock.unlock();
            }
            if (!asked) {
                asked = true;
                sink.request();
            }
            wait.await(left, TimeUnit.NANOSECONDS);
        }
    }

    /** Under the lock. */
    private void signal() {
        if (change != null) {
            change.countDown();
            change = null;
        }
    }

    private Event take() {
        lock.lock();
        try {
            return events.remove();
        } finally {
            lock.unlock();
        }
    }

    private void offer(Event event) {
        lock.lock();
        try {
            events.add(event);
            signal();
        } finally {
            lock.unlock();
        }
    }

    private boolean isEmpty() {
        lock.lock();
        try {
            return events.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void wake() {
        lock.lock();
        try {
            ended = true;
            signal();
        } finally {
            lock.unlock();
        }
    }

    /** Returns why it has ended; null while it has not. */
    @Nullable CloseReason closeReason() {
        return sink.closeReason();
    }

    /** Stops following. A thread that waits for an event returns without one. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        sink.end();
    }
}
