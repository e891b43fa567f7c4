package microdot.sse;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * Follows topics within the process, through the same cursors as a client on the network: what it
 * does not read stays in the topic's log alone, and what it has lost it is told by an event named
 * {@code gap}. For one thread, except {@link #close}. It ends by itself when a topic cuts it for
 * slowness ({@link TopicOptions.OnSlow#DISCONNECT}) or its snapshot fails; what came before is then
 * still given, the last of it perhaps a {@code checkpoint}, whose id tells {@link
 * Topics#followAfter} where to go on.
 */
public final class Subscription implements Iterator<Event>, AutoCloseable {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<Event> events = new ArrayDeque<>();
    private final InProcessSink sink;
    private boolean ended;
    private boolean closed; // By its user, who wants no more.

    Subscription() {
        sink = new InProcessSink(this::offer, this::isEmpty, this::wake);
    }

    BodySink sink() {
        return sink;
    }

    /**
     * Waits for the next event.
     *
     * @return false when the subscription is closed, or this thread is interrupted (the interrupt
     *     is kept)
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
     * Waits for the next event and takes it.
     *
     * @throws NoSuchElementException when {@link #hasNext} would say false
     */
    @Override
    public Event next() {
        if (!hasNext()) {
            throw new NoSuchElementException(
                    "the subscription is closed, or its thread was interrupted");
        }
        return take();
    }

    /** The next event, or null when none comes in time or the subscription is closed. */
    public @Nullable Event poll(Duration timeout) throws InterruptedException {
        return await(TimeUnit.NANOSECONDS.convert(timeout)) ? take() : null;
    }

    private boolean await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            if (events.isEmpty() && !ended) {
                sink.request();
            }
            long left = nanos;
            while (events.isEmpty() && !ended && left > 0) {
                left = changed.awaitNanos(left);
            }
            return !events.isEmpty() && !closed;
        } finally {
            lock.unlock();
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
            changed.signalAll();
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
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Stops following. A thread that waits for an event goes on without one. */
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
