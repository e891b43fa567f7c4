package microdot.sse;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import microdot.BodySink;
import microdot.sse.log.EventId;
import microdot.sse.log.EventLog;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * Where a follower begins: a cursor for each topic, and for some of them a result that must be
 * computed before the cursor may go on. Made under the lock of the order, so that all cursors are
 * of one moment.
 *
 * <p><b>Without the lock</b> a follower begins that has a known position P from which every topic
 * is kept: nearly every one. Its cursors need not be of one moment, because each is fixed by P: it
 * reads the first entry after P next. It finds that entry as follows.
 *
 * <ol>
 *   <li>P is at most the head that was read. The head rises after the append, so every entry up to
 *       P is in its segment, or was trimmed.
 *   <li>{@link EventLog#firstAfter} finds the first entry after P, or the number of the entry to
 *       come, which is then the first after P. It may miss that entries after P were trimmed.
 *   <li>So the floor is read last. It rises before entries go. If it is at most P, no entry after P
 *       had gone when the entry was found; if one goes later, the cursor lags and gets a gap.
 * </ol>
 *
 * <p>No wake-up is lost either: the cursor's loop is among those that a publisher wakes before the
 * follower reads the head for the first time, on that loop.
 */
final class StartPosition {
    /** The position of a client whose id is of no use: below all. */
    private static final long NOWHERE = -1;

    private final TopicOrder order;
    private final CatchUp catchUp;
    private final BodySink sink;
    private final boolean filtered;
    private final List<Cursor> cursors = new ArrayList<>();
    private final Map<Cursor, Function<Waiter, CatchUpResult>> preparations = new LinkedHashMap<>();
    private long idsFrom;

    /** Whether a topic is ended for the client by the end of an earlier topic of its name. */
    private boolean hasFormerEnds;

    /**
     * What a client asks for.
     *
     * @param lastEventId the last id that it got; null for a new client
     * @param opened the position when its stream was granted, where a new client begins: it gets
     *     what is published once it knows that it is connected
     * @param last how many events of each topic a new client gets first
     * @param heartbeatEvents whether heartbeats are sent as events, the first one at once
     */
    record Wish(@Nullable String lastEventId, long opened, int last, boolean heartbeatEvents) {
        /** A wish for heartbeats that are comments. */
        Wish(@Nullable String lastEventId, long opened, int last) {
            this(lastEventId, opened, last, false);
        }

        /** Returns this wish with another id. */
        Wish from(String id) {
            return new Wish(id, opened, last, heartbeatEvents);
        }

        /** Returns this wish, with heartbeats as events. */
        Wish withHeartbeatEvents() {
            return new Wish(lastEventId, opened, last, true);
        }
    }

    StartPosition(TopicOrder order, CatchUp catchUp, BodySink sink, boolean filtered) {
        this.order = order;
        this.catchUp = catchUp;
        this.sink = sink;
        this.filtered = filtered;
    }

    /** Returns the cursors, in the order of the topics. */
    List<Cursor> cursors() {
        return cursors;
    }

    /**
     * Returns what must be computed, on a thread that may block and not under the lock, before the
     * cursor may go on.
     */
    Map<Cursor, Function<Waiter, CatchUpResult>> preparations() {
        return preparations;
    }

    /**
     * Returns the position up to which events go to a new client without ids. With one of those ids
     * it would resume before events that it did not ask for: of several topics, the last events
     * begin at different positions.
     */
    long idsFrom() {
        return idsFrom;
    }

    /**
     * Fixes the cursors without the lock. Returns false, and changes nothing, if that needs the
     * lock: for a gap, a snapshot, the last events, an id of a publisher, or when there is
     * something to trim.
     *
     * @param now as {@link System#nanoTime} gives it
     */
    boolean fixWithoutLock(List<TopicState> topics, Wish wish, long now) {
        long epoch = order.epoch().begin();
        long position = knownPosition(wish);
        if (position == NOWHERE) {
            return false;
        }
        boolean isNew = wish.lastEventId() == null;
        hasFormerEnds = !isNew && hasFormerEnds(topics, position);
        for (TopicState topic : topics) {
            EventLog log = topic.log;
            boolean more =
                    topic.snapshots() != null
                            || topic.becomesTable()
                            || log.latest() != null
                            || log.closedAt() > 0;
            if ((isNew && more) || !log.isTrimmed(now)) {
                cursors.clear();
                return false;
            }
            cursors.add(cursor(topic, log.firstAfter(position), position));
            if (log.floor() > position) { // After the search: see above.
                cursors.clear();
                return false;
            }
        }
        if (order.epoch().begin() != epoch) { // The position may be of what was lost.
            cursors.clear();
            return false;
        }
        return true;
    }

    private long knownPosition(Wish wish) {
        if (wish.lastEventId() == null) {
            return wish.last() == 0 ? wish.opened() : NOWHERE;
        }
        EventId id = EventId.parse(wish.lastEventId());
        return id == null || id.snapshotsAreLater() ? NOWHERE : position(id);
    }

    /** Under the lock of the order. */
    void fix(List<TopicState> topics, Wish wish) {
        String lastEventId = wish.lastEventId();
        if (lastEventId == null) {
            fresh(topics, wish);
        } else {
            returning(topics, lastEventId);
        }
    }

    /**
     * For a client without an id: from now on, from a few events back, from a snapshot, or all of a
     * topic that has ended.
     */
    private void fresh(List<TopicState> topics, Wish wish) {
        long opened = wish.opened();
        ColdCatchUp cold = catchUp.cold();
        for (TopicState topic : topics) {
            SnapshotSource snapshots = topic.snapshots();
            EventLog log = topic.log;
            if (snapshots != null) {
                fresh(topic, snapshots);
            } else if (topic.becomesTable()) {
                Cursor cursor = cursor(topic, log.firstAfter(opened), opened);
                prepare(cursor, client -> catchUp.afterLoad(cursor, client));
            } else if (topic.needsLatest() || hasNewest(log, opened)) {
                newest(topic, wish);
            } else if (wish.last() > 0 && cold != null && log.published() < wish.last()) {
                Cursor cursor = cursor(topic, log.keptFrom(), 0);
                prepare(cursor, client -> cold.last(cursor, wish.last(), opened));
            } else if (wish.last() > 0 && opened >= log.floor()) {
                long entry = Math.max(log.keptFrom(), log.firstAfter(opened) - wish.last());
                long before = log.positionBefore(entry);
                idsFrom = Math.max(idsFrom, before);
                cursors.add(cursor(topic, entry, before));
            } else if (log.closedAt() > 0 && cold != null) {
                Cursor cursor = cursor(topic, log.keptFrom(), 0);
                prepare(cursor, client -> cold.all(cursor));
            } else if (log.closedAt() > 0) {
                idsFrom = Math.max(idsFrom, log.floor());
                cursors.add(cursor(topic, log.keptFrom(), log.floor()));
            } else {
                idsFrom = isAnyClosed(topics) ? Math.max(idsFrom, opened) : idsFrom;
                // Like a client that resumes from the position when its stream was granted: if that
                // was trimmed meanwhile, the client gets a gap.
                returning(topic, opened, order.epoch().id(opened), false);
            }
        }
    }

    /**
     * The newest event of each key that is older than what the client gets anyhow: the last events,
     * all of a topic that has ended, or what is published from now on.
     */
    private void newest(TopicState topic, Wish wish) {
        EventLog log = topic.log;
        long next = log.firstAfter(wish.opened());
        long before = wish.opened();
        if (log.closedAt() > 0) {
            before = log.floor();
        } else if (wish.last() > 0) {
            before = log.positionBefore(Math.max(log.keptFrom(), next - wish.last()));
        }
        // Not beyond that: what was lost since is a gap.
        long until = Math.min(before, wish.opened());
        idsFrom = Math.max(idsFrom, until);
        Cursor cursor = cursor(topic, log.keptFrom(), 0);
        prepare(cursor, client -> catchUp.newest(cursor, until));
    }

    private static boolean hasNewest(EventLog log, long opened) {
        // An earlier topic of this name may have had events since: then there is a gap instead.
        boolean complete = log.keptFrom() > 0 || opened >= log.floor();
        return log.latest() != null && !log.isEmpty() && complete;
    }

    /** A new client gets everything that is kept of a topic that has ended. */
    private static boolean isAnyClosed(List<TopicState> topics) {
        return topics.stream().anyMatch(topic -> topic.log.closedAt() > 0);
    }

    private void fresh(TopicState topic, SnapshotSource snapshots) {
        Cursor cursor = cursorAtHead(topic);
        prepare(cursor, client -> catchUp.fresh(snapshots, cursor, client));
    }

    /** For a client with an id: from there. */
    private void returning(List<TopicState> topics, String lastEventId) {
        long position = position(topics, lastEventId);
        hasFormerEnds = hasFormerEnds(topics, position);
        boolean unknown = position == NOWHERE && isOwnId(lastEventId);
        EventId id = EventId.parse(lastEventId);
        boolean snapshotIsLater = id != null && id.snapshotsAreLater();
        long lostAfter = id == null ? NOWHERE : order.epoch().lostAfter(id);
        if (id != null && lostAfter >= 0) {
            lost(topics, lastEventId, lostAfter, order.epoch().lostUpTo(id));
            return;
        }
        for (TopicState topic : topics) {
            SnapshotSource snapshots = topic.snapshots();
            if (unknown) {
                Cursor cursor = cursorAtHead(topic);
                prepare(cursor, client -> catchUp.unknown(cursor, lastEventId, client));
            } else if (snapshotIsLater && snapshots != null && position >= topic.log.floor()) {
                fresh(topic, snapshots);
            } else {
                returning(topic, position, lastEventId, snapshotIsLater);
            }
        }
    }

    /** For a client that got what a store has lost since. */
    private void lost(List<TopicState> topics, String lastEventId, long after, long to) {
        for (TopicState topic : topics) {
            Cursor cursor = cursor(topic, topic.log.keptFrom(), after);
            prepare(cursor, client -> catchUp.lost(cursor, lastEventId, to, client));
        }
    }

    /** For a client with an id that the topic never gave: a gap, then all that is kept. */
    void fixAfterGap(TopicState topic, String lastEventId, String reason) {
        Cursor cursor = cursor(topic, topic.log.keptFrom(), NOWHERE);
        prepare(cursor, client -> catchUp.returning(cursor, lastEventId, reason, false, client));
    }

    /** Returns whether a publisher may have given the id. */
    private boolean isOwnId(String id) {
        return EventId.parse(id) == null && order.hasOwnIds();
    }

    /**
     * @param snapshotIsLater whether the client has snapshots that are later than its id
     */
    private void returning(
            TopicState topic, long position, String lastEventId, boolean snapshotIsLater) {
        EventLog log = topic.log;
        if (position >= log.floor()) {
            cursors.add(cursor(topic, log.firstAfter(position), position));
            return;
        }
        Cursor cursor = cursor(topic, log.keptFrom(), position);
        String reason =
                position >= 0 && position < log.removal().at() && log.removal().lostAfter() < 0
                        ? "removed"
                        : reason(position, lastEventId);
        prepare(
                cursor,
                client -> catchUp.returning(cursor, lastEventId, reason, snapshotIsLater, client));
    }

    /** What a store has given already and the head does not cover comes after it. */
    private Cursor cursorAtHead(TopicState topic) {
        long head = order.head();
        return cursor(topic, topic.log.firstAfter(head), head);
    }

    /** An id from after all ends is that of a client that waits for new topics of the names. */
    private static boolean hasFormerEnds(List<TopicState> topics, long position) {
        boolean former = false;
        boolean open = false;
        long last = 0;
        for (TopicState topic : topics) {
            long end = topic.endedAt();
            open |= end == 0;
            former |= end > 0 && topic.log.closedAt() == 0;
            last = Math.max(last, end);
        }
        return former && position >= 0 && (open || position <= last);
    }

    private Cursor cursor(TopicState topic, long entry, long at) {
        boolean ended = hasFormerEnds && topic.endedAt() > 0;
        if (topic.pace() != null) {
            return new PacedCursor(sink, filtered, topic, entry, at, ended);
        }
        return ended
                ? new EndedCursor(sink, filtered, topic, entry, at)
                : new Cursor(sink, filtered, topic, entry, at);
    }

    private void prepare(Cursor cursor, Function<Waiter, CatchUpResult> preparation) {
        cursor.await();
        cursors.add(cursor);
        preparations.put(cursor, preparation);
    }

    private long position(List<TopicState> topics, String lastEventId) {
        EventId id = EventId.parse(lastEventId);
        if (id == null) {
            return userPosition(topics, lastEventId);
        }
        return position(id);
    }

    private long position(EventId id) {
        return order.epoch().isOf(id) && id.position() <= order.head() ? id.position() : NOWHERE;
    }

    // Where several topics have the id, it is unknown which of them the client got it from: the
    // oldest position repeats events rather than lose any.
    private static long userPosition(List<TopicState> topics, String userId) {
        OptionalLong oldest =
                topics.stream()
                        .mapToLong(topic -> topic.log.positionOf(userId))
                        .filter(position -> position >= 0)
                        .min();
        return oldest.orElse(NOWHERE);
    }

    private String reason(long position, String lastEventId) {
        EventId id = EventId.parse(lastEventId);
        if (id != null && !order.epoch().isOf(id)) {
            return "restarted";
        }
        return position == NOWHERE ? "invalid" : "expired";
    }
}
