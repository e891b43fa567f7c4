package microdot.sse;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;

/**
 * The log of one topic: the one place where its events are, whoever reads them and however late.
 *
 * <p>An event is encoded once, when it is published, and appended here as the bytes that go on the
 * wire. A follower is a number, the entry it reads next, and nothing else: no queue of its own, no
 * copy of what it has not read. To deliver is to copy the run of entries from that number to the
 * end into the socket; to resume is to begin with a smaller number; to be slow is to stay behind
 * with it. So memory is what the log keeps and a few words for each follower, and there is no
 * moment at which a follower changes from replay to live that an event could slip through.
 *
 * <p><b>Entries</b> are numbered within their topic from 0 without a hole, and each bears the
 * position that orders the events of all topics of one {@link Topics}. The numbers make it exact
 * how many a follower has missed; the positions let one id resume a stream over several topics.
 *
 * <p><b>Segments</b> hold them: arrays that only grow at their end and are left to the garbage
 * collector, never used again. Each is made for twice what the log keeps by then, from 1 KiB up to
 * 64 KiB: a topic may stay quiet, or keep its last event only. A follower holds numbers and no
 * segment, so one that stalls for an hour keeps nothing alive.
 *
 * <p><b>Writing</b> happens under the lock of the topics: append, trim, and the tables.
 * <b>Reading</b> takes no lock, for it happens on event loops: a reader looks at {@link #keptFrom},
 * then at the array of segments, and either finds its entry whole, or finds that it has been
 * trimmed, which is an answer too: it lags. An entry is seen only after its segment's count, which
 * is volatile, says that it is there.
 *
 * <p><b>Trimming</b> is by entry: {@link #keptFrom} rises. A segment goes when its last entry is
 * gone.
 */
final class EventLog {
    private static final int FIRST_SEGMENT = 1 << 10;
    private static final int LAST_SEGMENT = 64 << 10;
    private static final TopicOptions DEFAULTS = new TopicOptions();

    final String name;

    /**
     * Held while state is changed and its event published, and while a snapshot of the state is
     * taken.
     */
    final ReentrantLock state = new ReentrantLock();

    /** Who uses it just now, followers and publishers: while there is one it is not forgotten. */
    final AtomicInteger pins = new AtomicInteger();

    final AtomicInteger followers = new AtomicInteger();
    final LongAdder delivered = new LongAdder();
    final LongAdder missed = new LongAdder();
    final LongAdder disconnected = new LongAdder();

    private volatile TopicOptions options = DEFAULTS;
    private volatile @Nullable Snapshots snapshots;
    private volatile @Nullable LatestByKey latest;
    private volatile boolean configured;
    private volatile boolean forgotten;
    private volatile Segment[] segments = {};
    private volatile long keptFrom;
    private volatile LoopReaders[] audiences = {};

    // Under the lock of the topics.
    private final MemoryBudget budget;
    private final Deque<Segment> open = new ArrayDeque<>(2);
    private final Map<String, Long> userIds = new HashMap<>(0);
    private long next;
    private long bytes;
    private long floor;
    private long last;
    private long keyedFrom;

    /**
     * A new log.
     *
     * @param floor the position up to which a topic of its name may have had events that are lost
     */
    EventLog(String name, long floor, MemoryBudget budget) {
        this.name = name;
        this.floor = floor;
        this.last = floor;
        this.budget = budget;
    }

    TopicOptions options() {
        return options;
    }

    @Nullable Snapshots snapshots() {
        return snapshots;
    }

    /** Takes part in its life from now on; false when it has been forgotten meanwhile. */
    boolean pin() {
        pins.incrementAndGet();
        // Looked at once: what a second look found could be another answer.
        boolean gone = forgotten;
        if (gone) {
            pins.decrementAndGet();
        }
        return !gone;
    }

    void unpin() {
        pins.decrementAndGet();
    }

    void unfollow() {
        followers.decrementAndGet();
        unpin();
    }

    // ---- Writing, under the lock of the topics ----

    void configure(TopicOptions chosen, JsonCodec json) {
        if (!Objects.equals(chosen.key(), options.key())) {
            rekey(chosen.key() != null);
        }
        Supplier<Object> state = chosen.snapshot();
        options = chosen;
        snapshots = state == null ? null : new Snapshots(this, state, json);
        configured = true;
    }

    /** What was published so far has no key in the sense of the new ones. */
    private void rekey(boolean keyed) {
        if (latest != null) {
            latest.clear();
        }
        keyedFrom = next;
        latest = keyed ? new LatestByKey(budget, floor) : null;
    }

    /** Whether it held nothing that anybody could miss, and was given up. */
    boolean forget() {
        if (configured || !isEmpty()) {
            return false;
        }
        // Ahead of looking at the pins: who pins after that sees it.
        forgotten = true;
        forgotten = pins.get() == 0;
        return forgotten;
    }

    /** The followers that a loop serves, one more being on its way to it. */
    LoopReaders audience(DeliveryTask turn) {
        for (LoopReaders audience : audiences) {
            if (audience.turn == turn) {
                audience.members.incrementAndGet();
                return audience;
            }
        }
        var audience = new LoopReaders(turn);
        audience.members.incrementAndGet();
        LoopReaders[] more = Arrays.copyOf(audiences, audiences.length + 1);
        more[audiences.length] = audience;
        audiences = more;
        return audience;
    }

    /** Loops come and go with their servers: those that serve nobody here are let go. */
    void pruneAudiences() {
        if (Arrays.stream(audiences).anyMatch(audience -> audience.members.get() == 0)) {
            audiences =
                    Arrays.stream(audiences)
                            .filter(audience -> audience.members.get() > 0)
                            .toArray(LoopReaders[]::new);
        }
    }

    LoopReaders[] audiences() {
        return audiences;
    }

    /** Appends a frame, the id of which is put in at its place. */
    void append(EncodedEvent event, byte[] idLine, long position, long now, @Nullable Object key) {
        if (key != null && latest != null) {
            // First of all: a key is user code, and one that throws must not leave half an entry.
            latest.published(key, next);
        }
        int length = event.length() + idLine.length;
        Segment segment = segmentFor(length);
        int end = event.writeTo(segment.bytes, segment.used(), idLine);
        segment.add(position, now, end, key, event.userId());
        if (event.userId() != null) {
            userIds.put(event.userId(), position);
        }
        next++;
        grow(length);
        last = position;
        trim(now);
    }

    private Segment segmentFor(int length) {
        Segment newestSegment = open.peekLast();
        if (newestSegment != null && newestSegment.hasRoom(length)) {
            return newestSegment;
        }
        int size = Math.clamp(2 * bytes, FIRST_SEGMENT, LAST_SEGMENT);
        var segment = new Segment(next, Math.max(size, length));
        open.addLast(segment);
        segments = open.toArray(Segment[]::new);
        return segment;
    }

    /**
     * Lets go what is more, larger or older than the topic keeps. The newest entry stays, unless it
     * is too old.
     */
    void trim(long now) {
        long oldest = now - options.keepNanos();
        while (keptFrom < next) {
            Segment segment = open.getFirst();
            int at = (int) (keptFrom - segment.first);
            boolean tooMany = next - keptFrom > options.keepEvents();
            boolean tooLarge = bytes > options.keepBytes() && keptFrom < next - 1;
            if (!tooMany && !tooLarge && segment.time(at) - oldest >= 0) {
                return;
            }
            drop(segment, at);
        }
    }

    /** Lets go its oldest event, for the topics together keep too much. It must have one. */
    void dropOldest() {
        if (latest != null && !latest.isEmpty()) {
            latest.dropOldest();
        } else {
            Segment segment = open.getFirst();
            drop(segment, (int) (keptFrom - segment.first));
        }
    }

    /** The position of its oldest event. It must have one. */
    long oldest() {
        return latest != null && !latest.isEmpty() ? latest.first() : positionOf(keptFrom);
    }

    private void drop(Segment segment, int at) {
        if (latest != null) {
            boolean keyed = segment.first + at >= keyedFrom;
            latest.trimmed(keyed ? segment.key(at) : null, segment, at);
        }
        if (segment.userId(at) != null) {
            userIds.remove(segment.userId(at), segment.position(at));
        }
        floor = segment.position(at);
        grow(segment.start(at) - segment.end(at));
        keptFrom = segment.first + at + 1;
        if (at == segment.count() - 1) {
            open.removeFirst();
            segments = open.toArray(Segment[]::new);
        }
    }

    private void grow(int by) {
        bytes += by;
        budget.add(by);
    }

    @Nullable LatestByKey latest() {
        return latest;
    }

    boolean isEmpty() {
        return keptFrom == next && (latest == null || latest.isEmpty());
    }

    /** The position up to which nothing is kept: a client that stands below it has a gap. */
    long floor() {
        return floor;
    }

    /** The position of the newest event that was ever here. */
    long last() {
        return last;
    }

    long bytes() {
        return bytes;
    }

    /** The number of the next entry to come, which is how many there have been. */
    long next() {
        return next;
    }

    /** The number of the first kept entry behind the position. */
    long firstAfter(long position) {
        long low = keptFrom;
        long high = next;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (positionOf(middle) <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The position of the newest kept event to which the publisher gave this id, or -1. */
    long positionOf(String userId) {
        return userIds.getOrDefault(userId, -1L);
    }

    /** A kept entry. */
    Frame frame(long entry) {
        Segment segment = Objects.requireNonNull(find(entry));
        return Frame.in(segment, (int) (entry - segment.first));
    }

    private long positionOf(long entry) {
        Segment segment = Objects.requireNonNull(find(entry));
        return segment.position((int) (entry - segment.first));
    }

    /** The position of the entry ahead of this one, or the floor. */
    long positionBefore(long entry) {
        return entry <= keptFrom ? floor : positionOf(entry - 1);
    }

    // ---- Reading, from any thread, without a lock ----

    /** The number of the oldest kept entry; a reader that stands below it lags. */
    long keptFrom() {
        return keptFrom;
    }

    /** The segment that holds the entry; null when it is yet to come, or was trimmed meanwhile. */
    @Nullable Segment find(long entry) {
        Segment[] all = segments;
        // From the end: most readers are there.
        for (int i = all.length - 1; i >= 0; i--) {
            if (all[i].first <= entry) {
                return entry < all[i].first + all[i].count() ? all[i] : null;
            }
        }
        return null;
    }
}
