package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import microdot.internal.BriefLock;
import microdot.sse.log.Frame;
import org.jspecify.annotations.Nullable;

/**
 * Hands what a filter has tested to the cursor, on its event loop, as soon as it is there. While
 * the loop is busy, more is gathered: it has one task of this kind at a time.
 */
final class FilterOutput extends BriefLock {
    private final Cursor cursor;
    private final Consumer<Runnable> loop;

    // Guarded by the lock.
    private List<Frame> passed = new ArrayList<>();
    private @Nullable Frame placeholder;
    private long entry;
    private long at;
    private boolean more;
    private boolean armed;

    FilterOutput(Cursor cursor, Consumer<Runnable> loop) {
        this.cursor = cursor;
        this.loop = loop;
    }

    /**
     * @param result the tested frame, or what replaces it; null when it did not pass
     * @param source what is yet to be tested
     */
    void add(@Nullable Frame result, FilterSource source, boolean hasMore) {
        lock();
        try {
            if (result != null) {
                passed.add(result);
            }
            placeholder = source.placeholder();
            entry = source.entry();
            at = source.at();
            more = hasMore;
            // Nothing to deliver is nothing to wake the loop for.
            boolean nothing = hasMore && passed.isEmpty() && placeholder == null;
            if (armed || nothing) {
                return;
            }
            armed = true;
        } finally {
            unlock();
        }
        loop.accept(this::deliver);
    }

    private void deliver() {
        lock();
        try {
            armed = false;
            cursor.tested(passed, placeholder, entry, at, more);
            passed = new ArrayList<>();
        } finally {
            unlock();
        }
        cursor.pull();
    }
}
