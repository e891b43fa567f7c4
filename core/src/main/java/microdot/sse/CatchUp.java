package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;

/**
 * What a cursor goes on with that cannot go on by itself: because it lags, because its client comes
 * back after too long, or because its topic gives a state first. Takes the lock of the topics and
 * may run user code, so never on an event loop; the cursor waits meanwhile.
 */
final class CatchUp {
    private final Logs logs;
    private final JsonCodec json;

    CatchUp(Logs logs, JsonCodec json) {
        this.logs = logs;
        this.json = json;
    }

    /** For one that lags, by what its topic says. Not for topics that disconnect. */
    CatchUpResult slow(Cursor cursor) {
        EventLog log = cursor.log;
        String from = logs.epoch.id(cursor.at());
        LatestByKey table = log.latest();
        if (table != null) {
            return latest(cursor, table, from, "slow");
        }
        Snapshots snapshots = log.snapshots();
        if (snapshots == null) {
            return skip(cursor, from);
        }
        return withSnapshot(
                snapshots,
                state -> gap(log, from, state.fence(), state.entry() - cursor.entry(), "slow"));
    }

    /** For a client that comes with an id below what is kept, or of no use. */
    CatchUpResult returning(Cursor cursor, String from, String reason) {
        EventLog log = cursor.log;
        LatestByKey table = log.latest();
        if (table != null) {
            return latest(cursor, table, from, reason);
        }
        Snapshots snapshots = log.snapshots();
        if (snapshots == null) {
            return expired(cursor, from, reason);
        }
        return withSnapshot(snapshots, state -> gap(log, from, state.fence(), null, reason));
    }

    /** For a client that is new to a topic with a state. */
    CatchUpResult fresh(Snapshots snapshots) {
        return withSnapshot(snapshots, state -> null);
    }

    /** What is kept, after a gap. */
    private CatchUpResult expired(Cursor cursor, String from, String reason) {
        EventLog log = cursor.log;
        CatchUpResult kept =
                logs.locked(
                        () -> new CatchUpResult(List.of(), List.of(), log.keptFrom(), log.floor()));
        return told(kept, gap(log, from, kept.at(), null, reason));
    }

    /**
     * The newest event, after a gap. Not all that is kept: the oldest of it is let go next, and the
     * follower would lag again. And not only what comes: a topic that falls silent would leave it
     * with an old value, and one that never does might never let it have any.
     */
    private CatchUpResult skip(Cursor cursor, String from) {
        EventLog log = cursor.log;
        CatchUpResult tail = logs.locked(() -> tail(log));
        long missed = tail.entry() - tail.frames().size() - cursor.entry();
        return told(tail, gap(log, from, tail.at(), missed, "slow"));
    }

    private static CatchUpResult tail(EventLog log) {
        long end = log.next();
        if (log.keptFrom() == end) {
            return new CatchUpResult(List.of(), List.of(), end, log.last());
        }
        List<Frame> newest = List.of(log.frame(end - 1));
        return new CatchUpResult(List.of(), newest, end, log.positionBefore(end - 1));
    }

    /**
     * The newest of each key; where something is lost that had none, after a gap, or the state
     * instead.
     */
    private CatchUpResult latest(Cursor cursor, LatestByKey table, String from, String reason) {
        EventLog log = cursor.log;
        Remembered found = logs.locked(() -> remembered(log, table, cursor.at()));
        long floor = found.floor();
        if (cursor.at() >= floor) {
            return found.rest();
        }
        Snapshots snapshots = log.snapshots();
        return snapshots == null
                ? told(found.rest(), gap(log, from, floor, null, reason))
                : withSnapshot(snapshots, state -> gap(log, from, state.fence(), null, reason));
    }

    private record Remembered(CatchUpResult rest, long floor) {}

    private static Remembered remembered(EventLog log, LatestByKey table, long position) {
        List<Frame> frames = table.after(position);
        // Up to the floor it has all, and is told the rest: that must not look like one more loss.
        long at =
                frames.isEmpty()
                        ? table.last()
                        : Math.max(table.floor(), frames.getLast().position());
        // Unless that was all it lags still, and comes for more.
        long entry = at >= table.last() ? log.keptFrom() : log.keptFrom() - 1;
        var rest = new CatchUpResult(List.of(), frames, entry, Math.max(at, position));
        return new Remembered(rest, table.floor());
    }

    /** The state, after a gap perhaps, then what was published since it was taken. */
    private CatchUpResult withSnapshot(
            Snapshots snapshots, Function<Snapshots.Snapshot, @Nullable Ahead> gap) {
        Snapshots.Snapshot state = snapshots.take(logs);
        var ahead = new ArrayList<Ahead>(2);
        Ahead told = gap.apply(state);
        if (told != null) {
            ahead.add(told);
        }
        ahead.add(new Ahead(state.event(), state.fence(), 0));
        return new CatchUpResult(ahead, List.of(), state.entry(), state.fence());
    }

    private static CatchUpResult told(CatchUpResult rest, Ahead gap) {
        return new CatchUpResult(List.of(gap), rest.frames(), rest.entry(), rest.at());
    }

    private Ahead gap(EventLog log, String from, long to, @Nullable Long missed, String reason) {
        return new Gap(log.name, from, logs.epoch.id(to), missed, reason).ahead(to, json);
    }
}
