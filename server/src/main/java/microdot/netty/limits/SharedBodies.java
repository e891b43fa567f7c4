package microdot.netty.limits;

import java.util.IdentityHashMap;
import microdot.internal.BriefLock;

/**
 * Knows which arrays are the bodies of several responses: such an array takes its memory once.
 * Thread-safe.
 */
final class SharedBodies extends BriefLock {
    /** Shorter arrays are not looked up. */
    private static final int LARGE = 16 << 10;

    // Guarded by the lock.
    private final IdentityHashMap<byte[], Integer> holders = new IdentityHashMap<>();

    /** One more response has the body; returns whether it is the only one. */
    boolean enter(byte[] body) {
        return body.length < LARGE || change(body, 1) == 1;
    }

    /** One response less has the body; returns whether it was the only one. */
    boolean leave(byte[] body) {
        return body.length < LARGE || change(body, -1) == 0;
    }

    private int change(byte[] body, int count) {
        lock();
        try {
            int now = holders.merge(body, count, Integer::sum);
            if (now == 0) {
                holders.remove(body);
            }
            return now;
        } finally {
            unlock();
        }
    }
}
