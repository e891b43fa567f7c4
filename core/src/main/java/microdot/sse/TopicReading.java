package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import microdot.CloseReason;
import microdot.JsonCodec;
import microdot.internal.BriefLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads the next events of topics without a stream. It is a follower within the process that ends
 * with the first events, so that everything that holds for streams holds here.
 */
final class TopicReading {
    /** How long a gap, a snapshot or a filter is awaited beyond the wait for events. */
    private static final long LONGEST_WORK = TimeUnit.SECONDS.toNanos(30);

    /** What all readings of the process hold at the same time, and how soon one tries again. */
    private static final long MAX_HELD = Runtime.getRuntime().maxMemory() / 16;

    private static final long AGAIN = TimeUnit.MILLISECONDS.toNanos(10);
    private static final AtomicLong HELD = new AtomicLong();

    private final TopicRegistry registry;
    private final FollowerStart followers;
    private final List<String> names;
    private final int limit;
    private final Thread reader = Thread.currentThread();
    private final InProcessSink sink =
            new InProcessSink(this::offer, this::hasRoom, this::stop, this::filled);

    // Guarded by the lock.
    private final BriefLock lock = new BriefLock();
    private final List<Event> events = new ArrayList<>();
    private @Nullable Gap gap;
    private @Nullable String next; // The id from which the client goes on.
    private boolean hasEvents; // Others than gaps.
    private boolean full; // Nothing more is taken.
    private boolean loose; // An event without an id was taken since: its id is still to come.
    private @Nullable String after; // The id of the client.

    private volatile @Nullable Follower follower;
    private volatile boolean expired; // The wait for events is over.
    private volatile boolean stopped;
    private volatile boolean deferred; // Other readings hold too much: it tries again.
    private boolean unfinished; // Something took too long; confined to the reader.
    private long held; // Of its events; confined to the loop until the end.

    TopicReading(TopicRegistry registry, FollowerStart followers, List<String> names, int limit) {
        this.registry = registry;
        this.followers = followers;
        this.names = names;
        this.limit = limit;
    }

    /**
     * Ends the reading with what it has, also while it waits for a snapshot. From any thread; does
     * not block.
     */
    void cancel() {
        sink.end();
    }

    /** Ends the wait. From any thread; does not block. */
    private void stop() {
        stopped = true;
        LockSupport.unpark(reader);
    }

    /**
     * Waits for {@code stop}. Returns false when that did not come in time.
     *
     * @throws InterruptedException when the thread is interrupted
     */
    private boolean await(long nanos) throws InterruptedException {
        long begun = System.nanoTime();
        while (!stopped) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            long left = nanos - (System.nanoTime() - begun);
            if (left <= 0) {
                return false;
            }
            if (deferred) {
                deferred = false;
                LockSupport.parkNanos(this, Math.min(left, AGAIN));
                sink.request();
            } else {
                LockSupport.parkNanos(this, left);
            }
        }
        return true;
    }

    /**
     * Waits for events and returns what the function makes of them, perhaps of none. Until that
     * returns, they count as held. Call it once, on the thread that made this.
     *
     * @param nanos how long to wait if there is nothing
     * @throws IllegalStateException when the reading failed, as with a snapshot, or was stopped at
     *     a point after which the client could not go on
     */
    <T> T read(
            StartPosition.Wish wish,
            @Nullable FollowerFilter filter,
            long nanos,
            Function<History, T> use)
            throws InterruptedException {
        try {
            after = wish.lastEventId(); // Nothing was offered yet.
            follower = followers.follow(sink, names, wish, filter, new StreamClosingFrames());
            sink.loop().execute(this::stopIfDone); // The first slice was perhaps filled before.
            if (!await(nanos)) {
                // A gap, a snapshot or a filter may still run for it: then it has events.
                expired = true;
                sink.loop().execute(this::stopIfDone);
                StoreNode store = registry.store();
                unfinished = !await(store == null ? LONGEST_WORK : store.longestWork(LONGEST_WORK));
            }
            sink.end();
            return use.apply(result());
        } finally {
            sink.end();
            sink.loop().execute(() -> HELD.addAndGet(-held)); // After what it still takes.
        }
    }

    private History result() {
        lock.lock();
        try {
            boolean ended = unfinished || sink.closeReason() == CloseReason.FAILED;
            boolean failed = ended && isNothing();
            String position = next == null ? after : next;
            if (failed || isEarly() || position == null) {
                throw new IllegalStateException(
                        "topics: "
                                + names
                                + " could not be read (expected: another try later; the log says"
                                + " what failed)");
            }
            boolean closed = registry.ends().isOver(names, position);
            return new History(events, position, closed, gap);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the client would go on behind what it has not got, or before what it has. */
    private boolean isEarly() {
        boolean goesOn = isNothing() ? next != null : next != null && !loose;
        return !goesOn && (after == null || !events.isEmpty());
    }

    /**
     * Whether there is an id for the client to go on from. A gap may have the id that the client
     * came with: with nothing but that, it would get the gap again and again.
     */
    private boolean canGoOn() {
        return next != null && !loose && !next.equals(after);
    }

    // ---- Called by the sink, on its loop ----

    private boolean hasRoom() {
        lock.lock();
        try {
            if (full) {
                return false;
            }
        } finally {
            lock.unlock();
        }
        // Parsing and encoding copies an event for each client: without a bound, one large event
        // for many clients that wait would fill the heap.
        boolean wait = held == 0 && HELD.get() > MAX_HELD;
        if (wait) {
            deferred = true;
            LockSupport.unpark(reader);
        }
        return !wait;
    }

    private void offer(Event event) {
        Gap lost = "gap".equals(event.event()) ? decoded(event) : null;
        long size = 3L * String.valueOf(event.data()).length(); // Text, JSON, and its copy.
        held += size;
        HELD.addAndGet(size);
        lock.lock();
        try {
            // Ends only after an event with an id, or the client could not go on: at the limit, and
            // before a gap, with which the next reading begins.
            boolean enough = events.size() >= limit || (lost != null && hasEvents);
            full |= enough && canGoOn();
            if (!full) {
                take(event, lost);
            }
        } finally {
            lock.unlock();
        }
    }

    private static Gap decoded(Event event) {
        byte[] json = String.valueOf(event.data()).getBytes(UTF_8);
        return JsonCodec.standard().decode(json, Gap.class);
    }

    private void take(Event event, @Nullable Gap lost) {
        String id = event.id();
        loose = id == null || id.isEmpty();
        next = loose ? next : id;
        if (lost != null && gap == null && !hasEvents) {
            gap = lost;
        } else if (!"checkpoint".equals(event.event())) {
            events.add(event);
            hasEvents |= lost == null;
        }
    }

    /** Everything of a slice was taken. */
    private void filled(boolean more) {
        if (more && hasRoom()) {
            sink.request();
        }
        stopIfDone();
    }

    private void stopIfDone() {
        Follower begun = follower;
        long upTo = begun == null ? -1 : begun.caughtUpTo();
        lock.lock();
        try {
            boolean enough = events.size() >= limit && canGoOn();
            boolean idle = upTo >= 0 && !full && !enough; // The next reading gets the rest.
            if (idle && begun != null) {
                next = begun.id(upTo);
                loose = false;
            }
            if (isNothing() ? !idle || !expired : !idle && !canGoOn()) {
                return;
            }
            full = true; // What comes from now on is for the next reading.
        } finally {
            lock.unlock();
        }
        stop();
    }

    private boolean isNothing() {
        return events.isEmpty() && gap == null;
    }
}
