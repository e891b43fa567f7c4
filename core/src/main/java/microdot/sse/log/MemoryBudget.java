package microdot.sse.log;

import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The heap that the logs of one order or of several orders together may take. What is counted is
 * what a log costs: the arrays of its segments, its ids, its keys, and the topic itself. An event
 * that fits into a segment costs nothing more, so the counter is seldom touched.
 */
public final class MemoryBudget {
    // What things take with compressed references, besides the characters of ids and keys.
    static final long TOPIC = 1024;
    static final long SEGMENT = 192;
    static final long OWN_ID = 112;
    static final long KEY = 120;
    static final long TRIMMED_FRAME = 112;
    static final long ROW = 300;

    private static final Cleaner CLEANER = Cleaner.create();

    private final long max;
    private final AtomicLong used = new AtomicLong();
    private final AtomicLong pinned = new AtomicLong(); // Of what is used, what is never evicted.
    private final List<WeakReference<Member>> members = new CopyOnWriteArrayList<>();

    /** An order whose logs count. */
    interface Member {
        /**
         * Returns for how many nanoseconds the oldest event that may be evicted has been kept; -1
         * when there is none.
         */
        long oldestAge();

        /** Evicts some of the oldest events while too much is used; returns whether it could. */
        boolean evictSome();
    }

    /** What one order uses. It is given back when the order is no longer reachable. */
    static class Share implements Runnable {
        private final AtomicLong total;
        private final AtomicLong totalPinned;
        private final long maxPinned;
        private long used;
        private long pinned;

        Share(AtomicLong total, AtomicLong totalPinned, long maxPinned) {
            this.total = total;
            this.totalPinned = totalPinned;
            this.maxPinned = maxPinned;
        }

        /** Adds bytes of what is never evicted. Under the lock of the order. */
        final void pin(long bytes) {
            used += bytes;
            total.addAndGet(bytes);
            pinned += bytes;
            totalPinned.addAndGet(bytes);
        }

        /** Returns whether so much more may be pinned: half of the budget is left for events. */
        final boolean canPin(long bytes) {
            return totalPinned.get() + bytes <= maxPinned;
        }

        long pinned() {
            return totalPinned.get();
        }

        long maxPinned() {
            return maxPinned;
        }

        /** Returns a share for a log that is never evicted: what is added to it is pinned here. */
        final Share pinning() {
            return new Share(total, totalPinned, maxPinned) {
                @Override
                void add(long bytes) {
                    Share.this.pin(bytes);
                }
            };
        }

        /** Adds bytes; fewer are used when negative. Under the lock of the order. */
        void add(long bytes) {
            if (bytes != 0) {
                used += bytes;
                total.addAndGet(bytes);
            }
        }

        @Override
        public void run() {
            pin(-pinned);
            add(-used);
        }
    }

    /**
     * A budget.
     *
     * @param max how many bytes of heap at most
     */
    public MemoryBudget(long max) {
        this.max = max;
    }

    private static final class OfProcess {
        static final MemoryBudget BUDGET = new MemoryBudget(Runtime.getRuntime().maxMemory() / 4);
    }

    /** Returns the budget that the whole process shares: a quarter of the heap. */
    public static MemoryBudget ofProcess() {
        return OfProcess.BUDGET;
    }

    /** Returns how many bytes of heap may be taken. */
    public long max() {
        return max;
    }

    Share join(Member member) {
        var share = new Share(used, pinned, max / 2);
        CLEANER.register(member, share);
        members.removeIf(reference -> reference.get() == null);
        members.add(new WeakReference<>(member));
        return share;
    }

    /** Returns how many bytes of heap are counted now. From any thread. */
    public long used() {
        return used.get();
    }

    boolean isExceeded() {
        return used.get() > max;
    }

    /** Evicts the oldest events of all while too much is used. No lock of an order is held. */
    void evict() {
        while (isExceeded()) {
            Member oldest = oldest();
            if (oldest == null || !oldest.evictSome()) {
                return;
            }
        }
    }

    private @Nullable Member oldest() {
        Member oldest = null;
        long highest = -1;
        for (WeakReference<Member> reference : members) {
            Member member = reference.get();
            long age = member == null ? -1 : member.oldestAge();
            if (age > highest) {
                highest = age;
                oldest = member;
            }
        }
        return oldest;
    }
}
