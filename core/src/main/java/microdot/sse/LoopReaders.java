package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** The followers of one topic whose connections one event loop serves. */
final class LoopReaders {
    final DeliveryTask turn;

    /**
     * Those in the list and those on their way to it; not those that have ended, whether or not the
     * loop still comes to taking them out.
     */
    final AtomicInteger members = new AtomicInteger();

    /** True while a wake-up is on its way: the publishers that find it so need do nothing. */
    private final AtomicBoolean woken = new AtomicBoolean();

    // Of the event loop alone.
    private final List<Cursor> cursors = new ArrayList<>(2);
    private int at;

    LoopReaders(DeliveryTask turn) {
        this.turn = turn;
    }

    /** From any thread, after the head has risen. */
    void wake() {
        if (!woken.getAndSet(true)) {
            turn.add(this);
        }
    }

    void add(Cursor cursor) {
        cursor.index = cursors.size();
        cursors.add(cursor);
    }

    void remove(Cursor cursor) {
        Cursor last = cursors.removeLast();
        if (last != cursor) {
            cursors.set(cursor.index, last);
            last.index = cursor.index;
            // From beyond the place where a turn stands to before it: that turn passes it over.
            if (last.index < at) {
                wake();
            }
        }
    }

    /**
     * Has each follower take what is new. False when the time is up before all have had their turn.
     */
    boolean drain(long until) {
        if (at == 0) {
            // Ahead of reading the head: who publishes after that finds it down and wakes anew.
            woken.set(false);
        }
        while (at < cursors.size()) {
            cursors.get(at++).pull();
            // The clock is not free: ask it now and then.
            if ((at & 15) == 0 && System.nanoTime() - until > 0) {
                return false;
            }
        }
        at = 0;
        return true;
    }
}
