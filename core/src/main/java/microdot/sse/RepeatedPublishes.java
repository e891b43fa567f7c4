package microdot.sse;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import microdot.sse.log.PolledLock;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.Append;
import microdot.sse.store.StoreException;

/** The idempotency keys of the last two minutes, and the positions that they were given. */
final class RepeatedPublishes {
    /** So many keys take some 30 MB at most. */
    private static final int MOST = 100_000;

    private static final long SPAN = Duration.ofSeconds(Append.REPEAT_SECONDS).toNanos();

    // Held during an append, so that a second publish with the key waits for the first. No code of
    // users runs under it, and no event loop waits for it.
    private final PolledLock lock = new PolledLock();
    private final Map<String, Known> keys = new LinkedHashMap<>();

    private record Known(long time, long position) {}

    /**
     * Returns the position of the first append with the key, or appends now.
     *
     * @param now as {@link TopicOrder#now} gives it
     * @param append what it throws, and a negative result, is not remembered
     * @throws StoreException when too many keys were used in two minutes
     */
    long once(String key, long now, LongSupplier append) {
        lock.lock();
        try {
            forget(now);
            Known known = keys.get(key);
            if (known != null) {
                return known.position();
            }
            if (keys.size() >= MOST) {
                throw new StoreException(
                        "idempotencyKey: "
                                + MOST
                                + " keys were used within two minutes (expected: fewer; use keys"
                                + " only where a publisher repeats itself)");
            }
            long position = append.getAsLong();
            if (position > 0) {
                keys.put(key, new Known(now, position));
            }
            return position;
        } finally {
            lock.unlock();
        }
    }

    /** The oldest come first. */
    private void forget(long now) {
        Iterator<Known> oldest = keys.values().iterator();
        while (oldest.hasNext() && now - oldest.next().time() > SPAN) {
            oldest.remove();
        }
    }
}
