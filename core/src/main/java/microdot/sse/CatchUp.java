package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import microdot.JsonCodec;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.Epoch;
import microdot.sse.log.EventLog;
import microdot.sse.log.Frame;
import microdot.sse.log.LatestByKey;
import microdot.sse.log.NewestOfKeys;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * Computes what a follower gets next when it cannot simply read on: it lagged, resumed too late, or
 * needs a snapshot first. Takes the lock of the order and may run user code, so never on an event
 * loop; the cursor waits meanwhile.
 */
final class CatchUp {
    private final TopicOrder order;
    private final Epoch ids;
    private final JsonCodec json;
    private final UnaryOperator<byte[]> lastFrames;
    private final @Nullable ColdCatchUp cold; // Null when everything is in memory.

    CatchUp(TopicOrder order, JsonCodec json, @Nullable ColdCatchUp cold) {
        this(order, order.epoch(), json, EventEncoder::checkpoint, cold);
    }

    /**
     * For followers of a topic with its own ids.
     *
     * @param lastFrames returns what a follower gets at the end of its topics, with this id line
     */
    CatchUp(TopicOrder order, Epoch ids, JsonCodec json, UnaryOperator<byte[]> lastFrames) {
        this(order, ids, json, lastFrames, null);
    }

    private CatchUp(
            TopicOrder order,
            Epoch ids,
            JsonCodec json,
            UnaryOperator<byte[]> lastFrames,
            @Nullable ColdCatchUp cold) {
        this.cold = cold;
        this.order = order;
        this.ids = ids;
        this.json = json;
        this.lastFrames = lastFrames;
    }

    /** Returns what brings up what is in a store only; null when everything is in memory. */
    @Nullable ColdCatchUp cold() {
        return cold;
    }

    /** Returns the order of its topics. */
    TopicOrder order() {
        return order;
    }

    /** Returns the ids that its followers get. */
    Epoch ids() {
        return ids;
    }

    /** Returns what a follower gets at the end of its topics. */
    byte[] lastFrames(byte[] idLine) {
        return lastFrames.apply(idLine);
    }

    /** For a follower that lags, by its topic's policy. Not for topics that disconnect. */
    CatchUpResult slow(Cursor cursor, Waiter client) {
        TopicState topic = cursor.topic;
        topic.checkLoaded();
        SnapshotSource rows = topic.table() == null ? null : topic.snapshots();
        if (rows != null && topic.log.isBeforeTable(cursor.entry())) {
            return fresh(rows, cursor, client);
        }
        loadLatest(topic);
        String from = ids.id(cursor.at());
        CatchUpResult page = cold == null ? null : cold.next(cursor, from, "slow");
        if (page != null) {
            return page;
        }
        CatchUpResult latest = latest(cursor, from, "slow", client);
        if (latest != null) {
            return latest;
        }
        SnapshotSource snapshots = topic.snapshots();
        if (snapshots == null) {
            return skip(cursor, from, client);
        }
        return withSnapshot(
                snapshots,
                cursor,
                client,
                taken -> {
                    if (cursor.isRemoved()) { // Since it lagged. A removal takes an entry, too.
                        return gap(topic, from, taken.fence(), null, "removed");
                    }
                    Long missed =
                            cursor.entry() == CatchUpResult.MORE
                                    ? null
                                    : taken.entry() - cursor.entry();
                    return gap(topic, from, taken.fence(), missed, "slow");
                });
    }

    /**
     * For a client whose id is below what is kept, or of another epoch.
     *
     * @param snapshotIsLater whether it has a snapshot that is later than its id: then it needs
     *     another one, because what was published since its id would take the snapshot back
     */
    CatchUpResult returning(
            Cursor cursor, String from, String reason, boolean snapshotIsLater, Waiter client) {
        TopicState topic = cursor.topic;
        topic.checkLoaded();
        SnapshotSource newer = snapshotIsLater ? topic.snapshots() : null;
        boolean replaced = newer != null;
        if (newer != null && reason.equals("expired") && isAllKnown(cursor)) {
            return fresh(newer, cursor, client);
        }
        loadLatest(topic);
        CatchUpResult page = cold == null || replaced ? null : cold.next(cursor, from, reason);
        if (page != null) {
            return page;
        }
        CatchUpResult latest = replaced ? null : latest(cursor, from, reason, client);
        if (latest != null) {
            return latest;
        }
        SnapshotSource snapshots = topic.snapshots();
        if (snapshots == null) {
            return expired(cursor, from, reason);
        }
        return snapshotAfterGap(snapshots, cursor, from, reason, client);
    }

    /** Returns whether what the client does not have could be sent, and no gap is needed. */
    private boolean isAllKnown(Cursor cursor) {
        TopicState topic = cursor.topic;
        boolean here = cursor.at() >= order.locked(topic::lossFloor);
        return here || (cold != null && topic.table() == null && cursor.at() >= cold.floor(topic));
    }

    /** For a follower whose topic was removed, or lost events with its store. */
    CatchUpResult removed(Cursor cursor, Waiter client) {
        TopicState topic = cursor.topic;
        String from = ids.id(cursor.at());
        long earlier = ids.lossAt(cursor.at());
        EventLog.Removal removal = topic.log.removal();
        if (earlier > 0 && earlier < removal.at()) {
            return lost(cursor, from, earlier, client); // Before the last one.
        }
        long end = Math.min(removal.lostAfter(), ids.endAfter(cursor.at(), cursor.since()));
        if (end > cursor.at() && cold != null && topic.table() == null) {
            return cold.page(cursor, from, "slow", end); // From before the loss.
        }
        if (end >= 0 && end < removal.lostAfter()) {
            return lost(cursor, from, ids.lostUpTo(end), client); // There were several.
        }
        String reason = end < 0 ? "removed" : "restarted";
        SnapshotSource snapshots = topic.snapshots();
        if (snapshots != null) {
            return snapshotAfterGap(snapshots, cursor, from, reason, client);
        }
        var rest = new CatchUpResult(List.of(), List.of(), removal.from(), removal.at());
        return withoutRows(cursor, rest, gap(topic, from, rest.at(), null, reason));
    }

    /** For a client with an id of an epoch that has ended before its position. */
    CatchUpResult lost(Cursor cursor, String from, long to, Waiter client) {
        TopicState topic = cursor.topic;
        SnapshotSource snapshots = topic.snapshots();
        if (snapshots != null) {
            return snapshotAfterGap(snapshots, cursor, from, "restarted", client);
        }
        long entry = ColdCatchUp.entryAfter(topic.log, to);
        var gap = gap(topic, from, to, null, "restarted");
        return new CatchUpResult(List.of(gap), List.of(), entry, to);
    }

    /** After the gap, a client that may have rows of the table that the topic was loses them. */
    private static CatchUpResult withoutRows(
            Cursor cursor, CatchUpResult rest, CatchUpResult.Notice gap) {
        return withoutRows(cursor.topic.noRows(cursor.at()), rest, gap);
    }

    private static CatchUpResult withoutRows(
            @Nullable EncodedEvent noRows, CatchUpResult rest, CatchUpResult.Notice gap) {
        return noRows == null
                ? rest.withNotices(List.of(gap))
                : rest.withNotices(List.of(gap, new CatchUpResult.Notice(noRows, gap.upTo(), 0)));
    }

    /**
     * For a client with an id of a publisher that is no longer known: a gap up to the head. Not
     * what is kept, because the client may have had that already.
     */
    CatchUpResult unknown(Cursor cursor, String from, Waiter client) {
        TopicState topic = cursor.topic;
        SnapshotSource snapshots = topic.snapshots();
        if (snapshots != null) {
            return snapshotAfterGap(snapshots, cursor, from, "unknown", client);
        }
        return withoutRows(
                topic.noRows(-1), // Its position is unknown.
                new CatchUpResult(List.of(), List.of(), cursor.entry(), cursor.at()),
                gap(topic, from, cursor.at(), null, "unknown"));
    }

    /**
     * For a client that is new to a topic which is being made a table: its snapshot, or, if that
     * failed, what is published from now on.
     */
    CatchUpResult afterLoad(Cursor cursor, Waiter client) {
        TopicState topic = cursor.topic;
        topic.checkLoaded();
        SnapshotSource snapshots = topic.snapshots();
        return snapshots == null
                ? new CatchUpResult(List.of(), List.of(), cursor.entry(), cursor.at())
                : fresh(snapshots, cursor, client);
    }

    /** For a client that is new to a topic with a snapshot. */
    CatchUpResult fresh(SnapshotSource snapshots, Cursor cursor, Waiter client) {
        return withSnapshot(snapshots, cursor, client, taken -> null);
    }

    /**
     * For a client that is new to a topic that remembers the newest event of each key: a batch of
     * those up to a position. While there are more, the cursor lags and asks again.
     */
    CatchUpResult newest(Cursor cursor, long until) {
        loadLatest(cursor.topic);
        EventLog log = cursor.topic.log;
        return order.locked(() -> newest(log, cursor.at(), until));
    }

    /** Blocks when the newest event of each key is only in a store: the first client reads it. */
    private void loadLatest(TopicState topic) {
        if (cold != null && topic.needsLatest()) {
            cold.loadLatest(topic);
        }
    }

    private static CatchUpResult newest(EventLog log, long from, long wanted) {
        // Of a topic that has ended, the client gets everything that is kept.
        long kept = Math.max(from, log.floor());
        long until = log.closedAt() > 0 ? Math.min(wanted, kept) : wanted;
        NewestOfKeys found =
                NewestOfKeys.of(log, from, until, CatchUpResult.BATCH, CatchUpResult.BATCH_BYTES);
        boolean more = found.reached() < until || (log.keptFrom() > 0 && log.floor() > until);
        long entry = more ? CatchUpResult.MORE : log.firstAfter(until);
        return new CatchUpResult(List.of(), found.frames(), entry, found.reached());
    }

    /** What is kept, after a gap. */
    private CatchUpResult expired(Cursor cursor, String from, String reason) {
        EventLog log = cursor.topic.log;
        CatchUpResult kept =
                order.locked(
                        () -> new CatchUpResult(List.of(), List.of(), log.keptFrom(), log.floor()));
        CatchUpResult.Notice gap = gap(cursor.topic, from, kept.at(), null, reason);
        return withoutRows(cursor, kept, gap);
    }

    /**
     * The newest event, after a gap. Not everything that is kept: the oldest of it is trimmed next,
     * and the follower would lag again. Not only what is published later, either: on a topic that
     * falls silent the follower would keep an old value, and on one that never does it might never
     * get any.
     */
    private CatchUpResult skip(Cursor cursor, String from, Waiter client) {
        EventLog log = cursor.topic.log;
        CatchUpResult tail = order.locked(() -> cursor.isRemoved() ? null : tail(log));
        if (tail == null) {
            return removed(cursor, client); // Since it lagged. A removal takes an entry, too.
        }
        Long missed =
                cursor.entry() == CatchUpResult.MORE
                        ? null
                        : tail.entry() - tail.frames().size() - cursor.entry();
        return tail.withNotices(List.of(gap(cursor.topic, from, tail.at(), missed, "slow")));
    }

    private static CatchUpResult tail(EventLog log) {
        long end = log.next();
        if (log.keptFrom() == end) {
            return new CatchUpResult(List.of(), List.of(), end, log.last());
        }
        List<Frame> newest = List.of(Objects.requireNonNull(log.read(end - 1)));
        return new CatchUpResult(List.of(), newest, end, log.positionBefore(end - 1));
    }

    /**
     * The newest event of each key; where an event without a key was lost, after a gap, or the
     * snapshot instead. Null when the topic is no table and does not remember the newest of each
     * key.
     */
    private @Nullable CatchUpResult latest(
            Cursor cursor, String from, String reason, Waiter client) {
        TopicState topic = cursor.topic;
        Remembered found = order.locked(() -> remembered(topic.log, cursor));
        if (found == null) {
            return null;
        }
        long floor = found.floor();
        if (cursor.at() >= floor) {
            return found.rest();
        }
        SnapshotSource snapshots = topic.snapshots();
        return snapshots == null
                ? withoutRows(cursor, found.rest(), gap(topic, from, floor, null, reason))
                : snapshotAfterGap(snapshots, cursor, from, reason, client);
    }

    private record Remembered(CatchUpResult rest, long floor) {}

    // The table is read under the lock: with another key function, the log has another table by
    // then, and events that were trimmed since would be in that one only.
    private @Nullable Remembered remembered(EventLog log, Cursor cursor) {
        TableRows rows = log.rows();
        if (rows != null) {
            return remembered(log, rows, cursor);
        }
        long position = cursor.at();
        LatestByKey table = log.latest();
        if (table == null) {
            return null;
        }
        List<Frame> frames = table.after(position, CatchUpResult.BATCH, CatchUpResult.BATCH_BYTES);
        // The follower has everything up to the floor, by frames or by the gap: that must not look
        // like one more loss.
        long at =
                frames.isEmpty()
                        ? table.last()
                        : Math.max(table.floor(), frames.getLast().position());
        // If the table has more than this batch, the cursor lags, and asks again.
        long entry = at >= table.last() ? log.keptFrom() : CatchUpResult.MORE;
        var rest = new CatchUpResult(List.of(), frames, entry, Math.max(at, position));
        return new Remembered(rest, table.floor());
    }

    /** What has changed in a table, each row once, up to the end of the log if it is one batch. */
    private Remembered remembered(EventLog log, TableRows rows, Cursor cursor) {
        long position = cursor.at();
        long end = Math.max(position, cursor.catchUpTo(log.last()));
        List<Frame> frames =
                order.changes(rows, position, end, CatchUpResult.BATCH, CatchUpResult.BATCH_BYTES);
        long reached = frames.isEmpty() ? position : frames.getLast().position();
        boolean more = rows.isAnyBetween(reached, end);
        long entry = more || log.floor() > end ? log.keptFrom() - 1 : log.firstAfter(end);
        var rest = new CatchUpResult(List.of(), frames, entry, more ? reached : end);
        return new Remembered(rest, rows.floor());
    }

    /** A gap up to the snapshot, the snapshot, and then what was published since it was taken. */
    private CatchUpResult snapshotAfterGap(
            SnapshotSource snapshots, Cursor cursor, String from, String reason, Waiter client) {
        return withSnapshot(
                snapshots,
                cursor,
                client,
                taken -> gap(cursor.topic, from, taken.fence(), null, reason));
    }

    /** The snapshot, perhaps after a gap; then what was published since it was taken. */
    private CatchUpResult withSnapshot(
            SnapshotSource snapshots,
            Cursor cursor,
            Waiter client,
            Function<Snapshot, CatchUpResult.@Nullable Notice> gap) {
        cursor.topic.checkLoaded();
        Snapshot taken = snapshots.take(client, cursor.at());
        var notices = new ArrayList<CatchUpResult.Notice>(3);
        CatchUpResult.Notice lost = gap.apply(taken);
        if (lost != null) {
            notices.add(lost);
        }
        notices.addAll(CatchUpResult.parts(taken.first(), taken.later(), taken.fence()));
        return new CatchUpResult(notices, List.of(), taken.entry(), taken.fence());
    }

    /** The next part of a snapshot, for a follower that has put those before it. */
    static CatchUpResult nextPart(Cursor cursor, CatchUpResult.Notice unmade) {
        LaterParts parts = Objects.requireNonNull(unmade.later());
        List<CatchUpResult.Notice> notices =
                CatchUpResult.parts(parts.first(), parts.afterFirst(), unmade.upTo());
        return new CatchUpResult(notices, List.of(), cursor.entry(), cursor.at());
    }

    String id(long position) {
        return ids.id(position);
    }

    /** A gap in place of one event, on which the filter of a client failed; it has an id. */
    Frame failed(TopicState topic, long position) {
        var gap = new Gap(topic.name, id(position - 1), id(position), 1L, "failed");
        byte[] bytes = gap.encoded(json).toBytes(ids.idLine(position));
        return new Frame(position, bytes, 0, bytes.length);
    }

    private CatchUpResult.Notice gap(
            TopicState topic, String from, long to, @Nullable Long missed, String reason) {
        return new Gap(topic.name, from, ids.id(to), missed, reason).notice(to, json);
    }
}
