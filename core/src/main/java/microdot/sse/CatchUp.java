package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import microdot.JsonCodec;
import microdot.sse.log.Epoch;
import microdot.sse.log.EventLog;
import microdot.sse.log.Frame;
import microdot.sse.log.LatestByKey;
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

    CatchUp(TopicOrder order, JsonCodec json) {
        this(order, order.epoch(), json);
    }

    /** For followers of a topic with ids of its own. */
    CatchUp(TopicOrder order, Epoch ids, JsonCodec json) {
        this.order = order;
        this.ids = ids;
        this.json = json;
    }

    /** Returns the ids that its followers get. */
    Epoch ids() {
        return ids;
    }

    /** For a follower that lags, by its topic's policy. Not for topics that disconnect. */
    CatchUpResult slow(Cursor cursor, Waiter client) {
        TopicState topic = cursor.topic;
        String from = ids.id(cursor.at());
        CatchUpResult latest = latest(cursor, from, "slow", client);
        if (latest != null) {
            return latest;
        }
        Snapshots snapshots = topic.snapshots();
        if (snapshots == null) {
            return skip(cursor, from, client);
        }
        return withSnapshot(
                snapshots,
                client,
                taken -> {
                    if (cursor.isRemoved()) { // Since it lagged. A removal takes an entry, too.
                        return gap(topic, from, taken.fence(), null, "removed");
                    }
                    long missed = taken.entry() - cursor.entry();
                    return gap(topic, from, taken.fence(), missed, "slow");
                });
    }

    /** For a client whose id is below what is kept, or of no use. */
    CatchUpResult returning(Cursor cursor, String from, String reason, Waiter client) {
        TopicState topic = cursor.topic;
        CatchUpResult latest = latest(cursor, from, reason, client);
        if (latest != null) {
            return latest;
        }
        Snapshots snapshots = topic.snapshots();
        if (snapshots == null) {
            return expired(cursor, from, reason);
        }
        return withSnapshot(
                snapshots, client, taken -> gap(topic, from, taken.fence(), null, reason));
    }

    /** For a follower whose topic was removed. */
    CatchUpResult removed(Cursor cursor, Waiter client) {
        TopicState topic = cursor.topic;
        String from = ids.id(cursor.at());
        Snapshots snapshots = topic.snapshots();
        if (snapshots != null) {
            return withSnapshot(
                    snapshots, client, taken -> gap(topic, from, taken.fence(), null, "removed"));
        }
        EventLog log = topic.log;
        CatchUpResult rest =
                order.locked(
                        () ->
                                new CatchUpResult(
                                        List.of(), List.of(), log.removedFrom(), log.removedAt()));
        return rest.withNotice(gap(topic, from, rest.at(), null, "removed"));
    }

    /**
     * For a client with an id of a publisher that is no longer known: a gap up to the head. Not
     * what is kept, because the client may have had that already.
     */
    CatchUpResult unknown(Cursor cursor, String from, Waiter client) {
        TopicState topic = cursor.topic;
        Snapshots snapshots = topic.snapshots();
        if (snapshots != null) {
            return withSnapshot(
                    snapshots, client, taken -> gap(topic, from, taken.fence(), null, "unknown"));
        }
        return new CatchUpResult(List.of(), List.of(), cursor.entry(), cursor.at())
                .withNotice(gap(topic, from, cursor.at(), null, "unknown"));
    }

    /** For a client that is new to a topic with a snapshot. */
    CatchUpResult fresh(Snapshots snapshots, Waiter client) {
        return withSnapshot(snapshots, client, taken -> null);
    }

    /** What is kept, after a gap. */
    private CatchUpResult expired(Cursor cursor, String from, String reason) {
        EventLog log = cursor.topic.log;
        CatchUpResult kept =
                order.locked(
                        () -> new CatchUpResult(List.of(), List.of(), log.keptFrom(), log.floor()));
        return kept.withNotice(gap(cursor.topic, from, kept.at(), null, reason));
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
        long missed = tail.entry() - tail.frames().size() - cursor.entry();
        return tail.withNotice(gap(cursor.topic, from, tail.at(), missed, "slow"));
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
     * snapshot instead. Null when the topic does not remember the newest of each key.
     */
    private @Nullable CatchUpResult latest(
            Cursor cursor, String from, String reason, Waiter client) {
        TopicState topic = cursor.topic;
        Remembered found = order.locked(() -> remembered(topic.log, cursor.at()));
        if (found == null) {
            return null;
        }
        long floor = found.floor();
        if (cursor.at() >= floor) {
            return found.rest();
        }
        Snapshots snapshots = topic.snapshots();
        return snapshots == null
                ? found.rest().withNotice(gap(topic, from, floor, null, reason))
                : withSnapshot(
                        snapshots, client, taken -> gap(topic, from, taken.fence(), null, reason));
    }

    private record Remembered(CatchUpResult rest, long floor) {}

    // The table is read under the lock: with another key function, the log has another table by
    // then, and events that were trimmed since would be in that one only.
    private static @Nullable Remembered remembered(EventLog log, long position) {
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
        // If the table has more than this batch, the cursor still lags and asks again.
        long entry = at >= table.last() ? log.keptFrom() : log.keptFrom() - 1;
        var rest = new CatchUpResult(List.of(), frames, entry, Math.max(at, position));
        return new Remembered(rest, table.floor());
    }

    /** The snapshot, perhaps after a gap; then what was published since it was taken. */
    private CatchUpResult withSnapshot(
            Snapshots snapshots,
            Waiter client,
            Function<Snapshot, CatchUpResult.@Nullable Notice> gap) {
        Snapshot taken = snapshots.take(client);
        var notices = new ArrayList<CatchUpResult.Notice>(2);
        CatchUpResult.Notice lost = gap.apply(taken);
        if (lost != null) {
            notices.add(lost);
        }
        notices.add(new CatchUpResult.Notice(taken.event(), taken.fence(), 0));
        return new CatchUpResult(notices, List.of(), taken.entry(), taken.fence());
    }

    String id(long position) {
        return ids.id(position);
    }

    /** A gap in place of one event, on which the filter of a client failed; it has an id. */
    Frame failed(TopicState topic, long position) {
        var gap = new Gap(topic.name, id(position - 1), id(position), 1L, "failed");
        byte[] bytes = gap.notice(position, json).event().toBytes(ids.idLine(position));
        return new Frame(position, bytes, 0, bytes.length);
    }

    private CatchUpResult.Notice gap(
            TopicState topic, String from, long to, @Nullable Long missed, String reason) {
        return new Gap(topic.name, from, ids.id(to), missed, reason).notice(to, json);
    }
}
