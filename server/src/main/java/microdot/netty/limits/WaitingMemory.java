package microdot.netty.limits;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/**
 * Counts the memory of unfinished requests and unsent bytes of all connections of a server, and
 * limits it. Each event loop reports what its connections need ({@link LoopMemory}). Thread-safe.
 *
 * <p>When the limit is reached, the connection with the largest product of waiting bytes and age is
 * disconnected. The age of bytes begins anew when their client reads.
 */
public final class WaitingMemory {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** Connections below this many bytes are spared. */
    static final int SPARED = 64 << 10;

    /** What one connection may hand over of the memory at once, while that is used up. */
    private static final int SHARE = 64;

    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final long max;
    private final AtomicLong used = new AtomicLong();
    // Only accounts that are large enough to be chosen: most connections never enter the set.
    private final Set<MemoryUser> large = ConcurrentHashMap.newKeySet();

    private final SharedBodies handed = new SharedBodies();

    /** Connections that were chosen and are not closed yet. */
    private final AtomicInteger leaving = new AtomicInteger();

    private final LongAdder disconnected = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final AtomicLong nextEntry = new AtomicLong(System.nanoTime());

    /** Creates the memory of a server in which nothing waits. */
    public WaitingMemory(ServerOptions options) {
        long bytes = options.maxMemory();
        this.max = bytes == 0 ? Runtime.getRuntime().maxMemory() / 4 : bytes;
    }

    /** Returns the bytes that wait, as far as the event loops have reported them. */
    public long used() {
        return used.get();
    }

    /** Returns how many bytes may wait. */
    public long max() {
        return max;
    }

    /** Returns the bytes that a loop collects before it reports them: loops do not contend. */
    long lump() {
        return Math.clamp(max / 256, 1, SPARED / 4);
    }

    void add(long bytes) {
        used.addAndGet(bytes);
    }

    /**
     * Returns what counts of one response or event of this size: at most half of the memory, so
     * that one that is larger than the memory can be sent while nothing else waits.
     */
    public long counted(long bytes) {
        return Math.min(bytes, max / 2);
    }

    /**
     * Counts bytes that wait for their event loop, until {@link #taken}. The loop decides about
     * them when it takes them; other connections may be disconnected for them before. From any
     * thread.
     */
    public void waits(long bytes) {
        add(bytes);
        makeRoom(null);
    }

    /** The event loop has taken bytes of {@link #waits}, or never will. From any thread. */
    public void taken(long bytes) {
        add(-bytes);
    }

    /**
     * Counts a body that a handler has made, until {@link #taken(byte[])}. An array that several
     * responses have counts once. From any thread.
     *
     * @param before the bytes of other bodies that the same connection has handed over
     * @return false if there is no memory: then it does not count
     */
    boolean hand(byte[] body, long before) {
        // What this call has made of it: of many at once the first ones still fit.
        long bytes = handed.enter(body) ? used.addAndGet(counted(body.length)) : used.get();
        if (bytes <= max || admits(bytes, before, body.length)) {
            return true;
        }
        taken(body);
        rejected.increment();
        report(bytes);
        return false;
    }

    /** Returns whether responses and requests take all that they may. From any thread. */
    public boolean isFull() {
        return used.get() > max;
    }

    /**
     * Returns whether a handler may make a body, while this is full: more than a quarter more is
     * for nobody.
     *
     * @param before the bytes of bodies that the same connection has handed over
     */
    boolean mayMake(long before) {
        long bytes = used.get();
        boolean may = before <= max / SHARE && bytes <= max + max / 4;
        if (!may) {
            rejected.increment();
            report(bytes);
        }
        return may;
    }

    private boolean admits(long bytes, long before, int length) {
        // The loops may be behind with counting what their connections hold. Until they have closed
        // the one that is chosen, all others could be innocent.
        if (leaving.get() == 0) {
            makeRoom(null);
        }
        boolean takesMore = before > 0 && before + length > max / SHARE;
        return !takesMore && bytes - counted(length) <= max + max / 4;
    }

    /** The event loop has taken a body of {@link #hand}, or never will. From any thread. */
    void taken(byte[] body) {
        if (handed.leave(body)) {
            add(-counted(body.length));
        }
    }

    void enter(MemoryUser account) {
        large.add(account);
    }

    void leave(MemoryUser account) {
        large.remove(account);
    }

    /** Notes that a connection that was chosen is closed. */
    void left() {
        leaving.decrementAndGet();
    }

    /**
     * Makes room if the limit is exceeded. Returns false if there is no connection to disconnect
     * except the asking one: then that is to be rejected or closed.
     *
     * @param asking null if that is not to be rejected
     */
    @SuppressWarnings("ReferenceEquality") // The very same connection is meant.
    boolean makeRoom(@Nullable MemoryUser asking) {
        long bytes = used.get();
        // The connection that was chosen last may still be open. Choosing another meanwhile would
        // disconnect more than is needed.
        if (bytes <= max || (leaving.get() > 0 && bytes <= max + max / 4)) {
            return true;
        }
        MemoryUser chosen = choose();
        if (chosen == null && asking == null) {
            return true;
        }
        if (chosen == null || chosen == asking) {
            rejected.increment();
        } else {
            leaving.incrementAndGet();
            disconnected.increment();
            chosen.disconnect();
        }
        report(bytes);
        return chosen != null && chosen != asking;
    }

    private @Nullable MemoryUser choose() {
        long now = System.nanoTime();
        MemoryUser chosen = null;
        double most = -1;
        for (MemoryUser account : large) {
            double score = account.score(now);
            if (score > most) {
                most = score;
                chosen = account;
            }
        }
        return chosen;
    }

    /** One entry a minute: under an attack there are thousands of occasions a second. */
    private void report(long bytes) {
        long now = System.nanoTime();
        long due = nextEntry.get();
        if (now - due >= 0 && nextEntry.compareAndSet(due, now + MINUTE)) {
            LOG.log(
                    Level.WARNING,
                    () ->
                            "maxMemory is used up: unread responses and unfinished requests take "
                                    + bytes
                                    + " bytes (expected: at most "
                                    + max
                                    + "); connections closed since the last entry: "
                                    + disconnected.sumThenReset()
                                    + ", requests rejected: "
                                    + rejected.sumThenReset());
        }
    }
}
