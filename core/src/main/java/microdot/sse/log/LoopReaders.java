package microdot.sse.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** The readers of one topic that one event loop serves. */
public final class LoopReaders implements DeliveryTask.Work {
    final DeliveryTask task;

    private static final int RELEASED = -1;

    /**
     * The readers in the list and those about to be added; not those that have ended, whether or
     * not the loop has removed them yet.
     */
    private final AtomicInteger members;

    /** True while a wake-up is under way: publishers that find it so need do nothing. */
    private final AtomicBoolean woken = new AtomicBoolean();

    // Confined to the event loop.
    private final List<Reader> readers = new ArrayList<>(2);
    private int at;

    /** A reader that is pulled when something new is in the log. */
    public abstract static class Reader {
        /** Its index in the list; confined to the event loop. */
        private int index;

        /** Takes what is new. On the event loop; must not throw. */
        protected abstract void pull();
    }

    /** With one reader, which is about to be added. */
    LoopReaders(DeliveryTask task) {
        this.task = task;
        this.members = new AtomicInteger(1);
    }

    /** One reader more, which is about to be added; returns false when these are released. */
    boolean join() {
        int before = members.getAndUpdate(count -> count == RELEASED ? RELEASED : count + 1);
        return before != RELEASED;
    }

    /** One reader fewer, which is about to be removed. From any thread. */
    public void depart() {
        members.decrementAndGet();
    }

    /** Releases these if no reader is left; returns whether they are released. */
    boolean release() {
        return members.compareAndSet(0, RELEASED) || members.get() == RELEASED;
    }

    /** From any thread, after the head has risen. */
    void wake() {
        if (!woken.getAndSet(true)) {
            try {
                task.add(this);
            } catch (RuntimeException | Error e) {
                woken.set(false); // These would never be woken again.
                throw e;
            }
        }
    }

    /** On the event loop. */
    public void add(Reader reader) {
        reader.index = readers.size();
        readers.add(reader);
    }

    /** On the event loop. */
    public void remove(Reader reader) {
        Reader last = readers.removeLast();
        if (!last.equals(reader)) {
            readers.set(reader.index, last);
            last.index = reader.index;
            // A reader moved from after the current index to before it: this slice would skip it.
            if (last.index < at) {
                wake();
            }
        }
    }

    /**
     * Lets each reader take what is new. Returns false when the time is up before all were served.
     */
    @Override
    public boolean drain(long until) {
        if (at == 0) {
            // Clear the flag before reading the head: a publisher that raises the head later sees
            // it cleared and wakes this again.
            woken.set(false);
        }
        while (at < readers.size()) {
            readers.get(at++).pull();
            // Reading the clock is not free: do it now and then.
            if ((at & 15) == 0 && System.nanoTime() - until > 0) {
                return false;
            }
        }
        at = 0;
        return true;
    }
}
