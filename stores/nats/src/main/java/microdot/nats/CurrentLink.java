package microdot.nats;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The link of a node, which changes when its connection ends. */
final class CurrentLink {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile @Nullable Link link;
    private volatile boolean waitIsVain;

    @Nullable Link get() {
        return link;
    }

    /** Returns the link; waits for one while the node connects again for the first time. */
    @Nullable Link await(long millis) throws InterruptedException {
        Link now = link;
        if (now != null) {
            return now;
        }
        long left = TimeUnit.MILLISECONDS.toNanos(millis);
        lock.lock();
        try {
            while (link == null && !waitIsVain && left > 0) {
                left = changed.awaitNanos(left);
            }
            return link;
        } finally {
            lock.unlock();
        }
    }

    /** The node has a link, or has lost it. */
    void set(@Nullable Link now) {
        lock.lock();
        try {
            link = now;
            waitIsVain = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The server cannot be reached: waiting is in vain. */
    void giveUp() {
        lock.lock();
        try {
            waitIsVain = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
