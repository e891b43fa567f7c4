package microdot.sse;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where a follower begins: a cursor for each topic, and for some what must be prepared before it
 * may go on. Made under the lock of the topics, so that all cursors are of one moment.
 */
final class StartPosition {
    /** The position of a client with an id that is of no use: below all. */
    private static final long NOWHERE = -1;

    private final Logs logs;
    private final Follower follower;
    private final CatchUp catchUp;
    private final List<Cursor> cursors = new ArrayList<>();
    private final Map<Cursor, Follower.Preparation> preparations = new LinkedHashMap<>();

    /**
     * What a client wants.
     *
     * @param lastEventId what it had last; null for one that is new
     * @param opened the position when its stream was granted, where a new one begins: what is
     *     published once the client knows that it is connected is for it
     * @param last how many events of each topic a new one gets first
     */
    record Wish(@Nullable String lastEventId, long opened, int last) {}

    StartPosition(Logs logs, Follower follower, CatchUp catchUp) {
        this.logs = logs;
        this.follower = follower;
        this.catchUp = catchUp;
    }

    List<Cursor> cursors() {
        return cursors;
    }

    boolean hasToPrepare() {
        return !preparations.isEmpty();
    }

    /** On a thread that may block, and not under the lock. */
    void prepare() {
        preparations.forEach(follower::prepareNow);
    }

    void fix(List<EventLog> followed, Wish wish) {
        String lastEventId = wish.lastEventId();
        if (lastEventId == null) {
            fresh(followed, wish);
        } else {
            returning(followed, lastEventId);
        }
    }

    /** For a client without an id: from now on, or from a few events back, or from a state. */
    private void fresh(List<EventLog> followed, Wish wish) {
        for (EventLog log : followed) {
            Snapshots snapshots = log.snapshots();
            if (snapshots != null) {
                var cursor = new Cursor(follower, log, log.next(), logs.head());
                prepare(cursor, () -> catchUp.fresh(snapshots));
            } else if (wish.last() > 0 && wish.opened() >= log.floor()) {
                long entry = Math.max(log.keptFrom(), log.firstAfter(wish.opened()) - wish.last());
                cursors.add(new Cursor(follower, log, entry, log.positionBefore(entry)));
            } else {
                // As one that comes back from where it was let in: should that be gone, it is told.
                returning(log, wish.opened(), logs.epoch.id(wish.opened()));
            }
        }
    }

    /** For a client with an id: from there. */
    private void returning(List<EventLog> followed, String lastEventId) {
        long position = position(followed, lastEventId);
        for (EventLog log : followed) {
            returning(log, position, lastEventId);
        }
    }

    private void returning(EventLog log, long position, String lastEventId) {
        if (position >= log.floor()) {
            cursors.add(new Cursor(follower, log, log.firstAfter(position), position));
            return;
        }
        var cursor = new Cursor(follower, log, log.keptFrom(), position);
        String reason = reason(position, lastEventId);
        prepare(cursor, () -> catchUp.returning(cursor, lastEventId, reason));
    }

    private void prepare(Cursor cursor, Follower.Preparation preparation) {
        cursor.await();
        cursors.add(cursor);
        preparations.put(cursor, preparation);
    }

    private long position(List<EventLog> followed, String lastEventId) {
        EventId id = EventId.parse(lastEventId);
        if (id == null) {
            return userPosition(followed, lastEventId);
        }
        return logs.epoch.isOf(id) && id.position() <= logs.head() ? id.position() : NOWHERE;
    }

    // Where several topics have it, nobody knows from which the client does: rather too much again
    // than too little.
    private static long userPosition(List<EventLog> followed, String userId) {
        OptionalLong oldest =
                followed.stream()
                        .mapToLong(log -> log.positionOf(userId))
                        .filter(position -> position >= 0)
                        .min();
        return oldest.orElse(NOWHERE);
    }

    private String reason(long position, String lastEventId) {
        EventId id = EventId.parse(lastEventId);
        if (id != null && !logs.epoch.isOf(id)) {
            return "restarted";
        }
        return position == NOWHERE ? "invalid" : "expired";
    }
}
