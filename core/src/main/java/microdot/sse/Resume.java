package microdot.sse;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a follower begins: a cursor for each topic, and for some what must be prepared before it
 * may go on. Made under the lock of the topics, so that all cursors are of one moment.
 */
record Resume(List<Cursor> cursors, long position, Map<Cursor, Follower.Preparation> preparations) {

    /**
     * What a client wants.
     *
     * @param lastEventId what it had last; null for one that is new
     * @param opened the position when its stream was granted, where a new one begins
     * @param last how many events of each topic a new one gets first
     */
    record Wish(@Nullable String lastEventId, long opened, int last) {}

    static Resume of(Topics topics, Follower follower, List<EventLog> logs, Wish wish) {
        var resume =
                new Resume(new ArrayList<>(), begin(topics, logs, wish), new LinkedHashMap<>());
        long now = System.nanoTime();
        for (EventLog log : logs) {
            log.trim(now);
            String id = wish.lastEventId();
            if (id == null) {
                resume.fresh(topics, follower, log, wish);
            } else {
                resume.returning(topics, follower, log, id);
            }
        }
        return resume;
    }

    /** The position that a client has, or -1 for an id that is of no use. */
    private static long begin(Topics topics, List<EventLog> logs, Wish wish) {
        String lastEventId = wish.lastEventId();
        if (lastEventId == null) {
            return wish.opened();
        }
        EventId id = EventId.parse(lastEventId);
        if (id != null) {
            return id.epoch().equals(topics.epoch()) && id.position() <= topics.head()
                    ? id.position()
                    : -1;
        }
        return logs.stream().mapToLong(log -> log.positionOf(lastEventId)).max().orElse(-1);
    }

    private void fresh(Topics topics, Follower follower, EventLog log, Wish wish) {
        if (log.snapshots() != null) {
            prepareSnapshot(topics, new Cursor(follower, log, log.next(), position), List.of());
            return;
        }
        if (wish.last() == 0) {
            // As one that comes back from where it was let in: should that be gone already, it is
            // told.
            returning(topics, follower, log, topics.id(position));
            return;
        }
        long entry = Math.max(log.keptFrom(), log.firstAfter(position) - wish.last());
        cursors.add(new Cursor(follower, log, entry, log.positionBefore(entry)));
    }

    private void returning(Topics topics, Follower follower, EventLog log, String lastEventId) {
        if (position >= log.floor()) {
            cursors.add(new Cursor(follower, log, log.firstAfter(position), position));
            return;
        }
        String reason = reason(topics, lastEventId);
        var cursor = new Cursor(follower, log, log.keptFrom(), position);
        if (log.options().onSlow() == TopicOptions.OnSlow.LATEST) {
            Follower.Prepared latest = topics.latest(cursor, reason, lastEventId);
            cursor.resume(latest.frames(), latest.entry(), latest.at());
            cursors.add(cursor);
            return;
        }
        var gap = new Gap(log.name, lastEventId, topics.id(log.floor()), null, reason);
        if (log.snapshots() != null) {
            prepareSnapshot(topics, cursor, List.of(gap.ahead(topics, position)));
            return;
        }
        cursor.resume(List.of(gap.at(topics, log.floor())), log.keptFrom(), position);
        cursors.add(cursor);
    }

    private void prepareSnapshot(Topics topics, Cursor cursor, List<Frame> ahead) {
        cursor.await();
        cursors.add(cursor);
        preparations.put(cursor, () -> topics.withSnapshot(cursor, ahead));
    }

    private String reason(Topics topics, String lastEventId) {
        EventId id = EventId.parse(lastEventId);
        if (id == null) {
            return position < 0 ? "invalid" : "expired";
        }
        if (!id.epoch().equals(topics.epoch())) {
            return "restarted";
        }
        return position < 0 ? "invalid" : "expired";
    }
}
