package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import microdot.BodySink;
import microdot.internal.Quoted;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.EventLog;
import microdot.sse.log.Frame;
import microdot.sse.log.LoopReaders;
import microdot.sse.log.Segment;
import org.jspecify.annotations.Nullable;

/**
 * The position of one follower in one topic. It holds numbers, and only now and then frames for
 * this follower alone: a gap, a snapshot, what a filter accepted. Confined to the follower's event
 * loop, except where it says otherwise.
 */
class Cursor extends LoopReaders.Reader {
    /** {@link #look}: it waits for a result that is computed elsewhere. */
    static final long WAITING = -1;

    /** {@link #look}: its next entry was trimmed. */
    static final long LAGGED = -2;

    /** {@link #look}: it has put the parts of a snapshot that were made, and is to get others. */
    static final long UNMADE = -3;

    /** {@link #look}: it has read everything. Higher than every position. */
    static final long CAUGHT_UP = Long.MAX_VALUE;

    private static final Logger LOG = System.getLogger("microdot.sse");

    final TopicState topic;
    private final BodySink sink;
    private final boolean filtered;
    private final long since; // What a store lost before is no gap of this stream.
    private @Nullable LoopReaders readers;

    private long entry;
    private long at;
    private boolean waiting;
    private boolean catchingUp; // It waits for what may begin with a notice.
    private @Nullable Queue<CatchUpResult.Notice> notices;
    private @Nullable Deque<Frame> own;

    /**
     * A cursor before an entry.
     *
     * @param sink pulled when something new is in the log
     * @param filtered whether a filter tests the entries of the log
     * @param at the position up to which everything is delivered or covered by a notice
     */
    Cursor(BodySink sink, boolean filtered, TopicState topic, long entry, long at) {
        this.sink = sink;
        this.filtered = filtered;
        this.topic = topic;
        this.since = topic.epochBegin();
        this.entry = entry;
        this.at = at;
    }

    /** Returns the first position of the epoch in which it was made. */
    long since() {
        return since;
    }

    /** Returns the number of the entry that it reads next. */
    long entry() {
        return entry;
    }

    /** Returns the position up to which everything of this topic was delivered or reported. */
    long at() {
        return at;
    }

    /** Returns the position up to which every event was written to the connection. */
    long written() {
        Frame frame = own == null ? null : own.peek();
        return frame == null ? at : Math.min(at, frame.position() - 1);
    }

    /** Sets what wakes it; before it joins. */
    void wokenBy(LoopReaders chosen) {
        readers = chosen;
    }

    void join() {
        if (readers != null) {
            readers.add(this);
        }
    }

    void leave() {
        if (readers != null) {
            readers.remove(this);
        }
    }

    /** From any thread, once, when the stream has ended. */
    void depart() {
        if (readers != null) {
            readers.depart();
        }
        topic.followers.decrementAndGet();
        topic.unpin();
    }

    /** Delivers what is new. A failure ends this stream and leaves the other readers alone. */
    @Override
    protected void pull() {
        try {
            sink.pull();
        } catch (RuntimeException | Error e) {
            LOG.log(
                    Level.ERROR,
                    "delivery to a follower of topic "
                            + Quoted.whole(topic.name)
                            + " failed; its connection was closed",
                    e);
            sink.abort();
        }
    }

    /** Returns whether its next entry was trimmed, whether or not it has something to put first. */
    boolean isLagging() {
        return !waiting && entry < topic.log.keptFrom() && !isRemoved();
    }

    /** Returns whether its next entry was removed with the topic, not trimmed. */
    boolean isRemoved() {
        // The position too: an entry that was chosen only to lag says nothing.
        EventLog.Removal removal = topic.log.removal();
        return entry < removal.from()
                && at < removal.at()
                && (removal.lostAfter() < 0 || removal.at() >= since);
    }

    /** Returns whether it began when its topic was not known to be a table. */
    boolean isBeforeTable() {
        return topic.table() != null && topic.log.isBeforeTable(entry);
    }

    /**
     * Returns the position of the end of all their topics, which is not below the position of any
     * of them; 0 while one is open.
     */
    static long endOf(Cursor[] cursors) {
        long end = 0;
        for (Cursor cursor : cursors) {
            long closedAt = cursor.closedAt();
            if (closedAt == 0) {
                return 0;
            }
            end = Math.max(end, Math.max(closedAt, cursor.at));
        }
        return end;
    }

    /** Returns the position of the end of its topic; 0 while that is open. */
    long closedAt() {
        return topic.log.closedAt();
    }

    /** Returns whether something runs for one of them: user code runs once at a time. */
    static boolean isAnyWaiting(Cursor[] cursors) {
        for (Cursor cursor : cursors) {
            if (cursor.waiting) {
                return true; // Perhaps with frames to put meanwhile.
            }
        }
        return false;
    }

    /** Returns whether it waits for a result that may begin with a gap or a snapshot. */
    boolean isCatchingUp() {
        return catchingUp;
    }

    /** Nothing is delivered until {@link #resume} or {@link #begin}. */
    void await() {
        waiting = true;
        catchingUp = true;
    }

    /** Nothing of the log is delivered but what {@link #tested} gets. */
    void awaitFilter() {
        waiting = true;
    }

    /** As {@link #resume}, but a filter has still to test the frames. */
    void begin(CatchUpResult result, @Nullable Frame placeholder) {
        resume(new CatchUpResult(result.notices(), List.of(), result.entry(), result.at()));
        waiting = true;
        if (placeholder != null) {
            own = new ArrayDeque<>(List.of(placeholder));
        }
    }

    /**
     * Gets what a filter has tested.
     *
     * @param passed what is sent of it
     * @param placeholder at the position of what is yet to be tested; null where it needs none
     * @param nextEntry the entry that is read after what was tested
     * @param upTo the position up to which everything is done then
     * @param more whether the filter has more to test
     */
    void tested(
            List<Frame> passed,
            @Nullable Frame placeholder,
            long nextEntry,
            long upTo,
            boolean more) {
        Deque<Frame> frames = own == null ? new ArrayDeque<>(passed.size() + 1) : own;
        Frame last = frames.peekLast();
        if (last != null && last.length() == 0) {
            frames.removeLast();
        }
        frames.addAll(passed);
        if (placeholder != null) {
            frames.addLast(placeholder);
        }
        own = frames.isEmpty() ? null : frames;
        entry = nextEntry;
        at = upTo;
        waiting = more;
    }

    void resume(CatchUpResult result) {
        waiting = false;
        catchingUp = false;
        entry = result.entry();
        at = result.at();
        notices = result.notices().isEmpty() ? null : new ArrayDeque<>(result.notices());
        own = result.frames().isEmpty() ? null : new ArrayDeque<>(result.frames());
    }

    /** Returns how many notices it has to put before everything else. */
    int pendingNotices() {
        int count = 0;
        if (notices != null) {
            for (CatchUpResult.Notice notice : notices) {
                count += notice.count();
            }
        }
        return count;
    }

    /** Returns the notice that comes next. There must be one. */
    CatchUpResult.Notice nextNotice() {
        return Objects.requireNonNull(notices).element();
    }

    /** Returns whether there is nothing for it up to the position, and nothing lost. */
    boolean isCaughtUp(long upTo) {
        if (waiting || notices != null || own != null) {
            return false;
        }
        EventLog log = topic.log;
        Segment segment = log.find(entry);
        return segment == null
                ? entry >= log.keptFrom()
                : segment.position(segment.indexOf(entry)) > upTo;
    }

    /**
     * Returns the position of what comes next, {@link #CAUGHT_UP}, or, negative, why it cannot go
     * on: {@link #WAITING}, {@link #LAGGED} or {@link #UNMADE}. With pending notices the position
     * is at most the one after the first of them. Changes nothing.
     */
    long look() {
        Queue<CatchUpResult.Notice> pending = notices;
        Frame frame = own == null ? null : own.peek();
        if (pending != null) {
            CatchUpResult.Notice notice = pending.element();
            if (notice.event() == null) {
                return waiting ? WAITING : UNMADE;
            }
            long after = notice.upTo() + 1;
            return frame == null ? after : Math.min(after, frame.position());
        }
        if (frame != null && frame.length() > 0) {
            return frame.position();
        }
        if (waiting) {
            return WAITING;
        }
        EventLog log = topic.log;
        if (entry < log.keptFrom()) {
            return LAGGED;
        }
        Segment segment = log.find(entry);
        if (segment == null) {
            // Yet to come; or trimmed since, in which case the entry is below what is kept.
            return entry >= log.keptFrom() ? CAUGHT_UP : LAGGED;
        }
        return segment.position(segment.indexOf(entry));
    }

    /** Returns whether a filter has to test first what the last look found. */
    boolean isUntested() {
        return filtered && own == null;
    }

    /** Returns whether what the last look found may not be put yet. A timer pulls again. */
    boolean isWithheld() {
        return false;
    }

    /**
     * Returns whether the next event comes from the log, and is not one for this follower alone.
     */
    boolean readsLog() {
        return notices == null && own == null && !waiting;
    }

    /**
     * Returns the position up to which it catches up in a table.
     *
     * @param newest the position of the newest change
     */
    long catchUpTo(long newest) {
        return newest;
    }

    /** Puts the first notice, with the id line where it is not empty. */
    void putNotice(BodySink.Space space, byte[] idLine) {
        Queue<CatchUpResult.Notice> pending = Objects.requireNonNull(notices);
        CatchUpResult.Notice first = pending.remove();
        notices = pending.isEmpty() ? null : pending;
        EncodedEvent event = Objects.requireNonNull(first.event());
        put(space, event.head());
        put(space, idLine);
        put(space, event.rest());
        topic.missed.add(first.missed());
        sink.delivered(1);
    }

    private void delivered(int events) {
        topic.delivered.add(events);
        sink.delivered(events);
    }

    private static void put(BodySink.Space space, byte[] bytes) {
        space.put(bytes, 0, bytes.length);
    }

    /**
     * Puts what comes next, as one byte range as far as the position, the segment and the room
     * allow, but one event at least. Returns the position of the last event that it put, or -1.
     *
     * @param idsFrom events up to this position go out without their ids
     */
    long put(BodySink.Space space, long until, long idsFrom) {
        Deque<Frame> frames = own;
        if (frames == null) {
            return putEntries(space, until, idsFrom);
        }
        Frame frame = frames.remove();
        own = frames.isEmpty() ? null : frames;
        at = Math.max(at, frame.position());
        if (frame.position() <= idsFrom) {
            putWithoutId(space, frame.bytes(), frame.from(), frame.to());
        } else {
            space.put(frame.bytes(), frame.from(), frame.to());
        }
        delivered(1);
        return frame.position();
    }

    /** Puts the next event as {@link #put} does, with another id line if its id is its position. */
    long putWith(BodySink.Space space, byte[] idLine, byte[] otherLine) {
        Deque<Frame> frames = own;
        Frame frame = frames == null ? topic.log.read(entry) : frames.remove();
        if (frame == null) {
            return -1; // Trimmed since the last look; the next look finds that it lags.
        }
        if (frames == null) {
            entry++;
        } else {
            own = frames.isEmpty() ? null : frames;
        }
        at = Math.max(at, frame.position());
        int line = frame.find(idLine);
        if (line < 0) {
            space.put(frame.bytes(), frame.from(), frame.to());
        } else {
            space.put(frame.bytes(), frame.from(), line);
            put(space, otherLine);
            space.put(frame.bytes(), line + idLine.length, frame.to());
        }
        delivered(1);
        return frame.position();
    }

    /**
     * Returns whether the topic's snapshot, which was put, contains events after the position that
     * are still kept, or of which the newest of each key is: with the position as its id, the
     * client would get them again.
     */
    private boolean hasSnapshotBeyond(long position) {
        EventLog log = topic.log;
        return written() > position
                && topic.snapshots() != null
                && (log.isKeyed() || log.firstAfter(position) < entry);
    }

    /**
     * Returns whether a client with the position as its id needs new snapshots: it has one that is
     * later, or none of a table whose rows this process does not know.
     */
    static boolean needSnapshots(Cursor[] cursors, long position) {
        for (Cursor cursor : cursors) {
            boolean beyond = cursors.length > 1 && cursor.hasSnapshotBeyond(position);
            if (beyond || cursor.topic.isTableElsewhere()) {
                return true;
            }
        }
        return false;
    }

    private long putEntries(BodySink.Space space, long until, long idsFrom) {
        Segment segment = topic.log.find(entry);
        if (segment == null) {
            return -1; // Trimmed since the last look; the next look finds that it lags.
        }
        int first = segment.indexOf(entry);
        int from = segment.start(first);
        int limit = from + space.room();
        int end = first + 1;
        if (segment.position(first) <= idsFrom) {
            putWithoutId(space, segment.bytes(), from, segment.end(first));
        } else {
            end = putRange(space, segment, first, limit, until);
        }
        at = segment.position(end - 1);
        entry += end - first;
        delivered(end - first);
        return at;
    }

    /** Puts entries from the first on; returns the index after the last of them. */
    private static int putRange(
            BodySink.Space space, Segment segment, int first, int limit, long until) {
        int count = segment.count();
        int end = first + 1;
        while (end < count && segment.end(end) <= limit && segment.position(end) <= until) {
            end++;
        }
        space.put(segment.bytes(), segment.start(first), segment.end(end - 1));
        return end;
    }

    /** The id line comes first, or after the line of the event's name. */
    private static void putWithoutId(BodySink.Space space, byte[] bytes, int from, int to) {
        int id = bytes[from] == 'e' ? afterLine(bytes, from) : from;
        if (id > from) {
            space.put(bytes, from, id);
        }
        space.put(bytes, afterLine(bytes, id), to);
    }

    private static int afterLine(byte[] bytes, int from) {
        int at = from;
        while (bytes[at] != '\n') {
            at++;
        }
        return at + 1;
    }
}
