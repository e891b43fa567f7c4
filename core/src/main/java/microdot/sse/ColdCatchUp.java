package microdot.sse;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import microdot.JsonCodec;
import microdot.sse.log.Epoch;
import microdot.sse.log.EventLog;
import microdot.sse.log.Frame;
import microdot.sse.log.LatestByKey;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * What a follower gets that only a store has, page by page: while there is more, its cursor lags
 * and asks again. Blocks, as {@link CatchUp} does.
 */
final class ColdCatchUp {
    private final TopicOrder order;
    private final ColdHistory history;
    private final JsonCodec json;

    ColdCatchUp(TopicOrder order, ColdHistory history, JsonCodec json) {
        this.order = order;
        this.history = history;
        this.json = json;
    }

    /**
     * The next page. Null when the topic brings a client up to date in another way: with its rows,
     * the newest of each key, a snapshot, or, after a gap, its newest event.
     *
     * @param from the id of the client
     * @param reason of a gap, if the store no longer has everything
     */
    @Nullable CatchUpResult next(Cursor cursor, String from, String reason) {
        TopicState topic = cursor.topic;
        if (topic.table() != null || hasLatest(topic.log, cursor.at())) {
            return null;
        }
        CatchUpResult page = page(cursor, from, reason, topic.log.floor());
        if (page.notices().isEmpty()) {
            return page;
        }
        boolean hasState =
                topic.snapshots() != null
                        || topic.log.latest() != null
                        || topic.noRows(cursor.at()) != null;
        if (hasState) {
            return null;
        }
        boolean slow = reason.equals("slow");
        return !slow ? page : cursor.entry() == CatchUpResult.MORE ? skipHalf(cursor, from) : null;
    }

    /**
     * For a client that reads pages more slowly than the store trims: a gap up to the middle of
     * what is kept. Not up to its beginning, because the oldest is trimmed next; and not up to the
     * end, because the client wants what there is.
     */
    private CatchUpResult skipHalf(Cursor cursor, String from) {
        TopicState topic = cursor.topic;
        long floor = floor(topic);
        long to = floor + Math.max(0, order.head() - floor) / 2;
        long reached = Math.max(to, cursor.at());
        CatchUpResult.Notice gap = gap(topic, from, reached, "slow");
        long entry = entryAfter(topic.log, reached);
        return new CatchUpResult(List.of(gap), List.of(), entry, reached);
    }

    private boolean hasLatest(EventLog log, long at) {
        return order.locked(
                () -> {
                    LatestByKey latest = log.latest();
                    return latest != null && at >= latest.floor();
                });
    }

    /** Returns the position up to which the store may no longer have events of the topic. */
    long floor(TopicState topic) {
        return Math.min(history.floor(topic.name), topic.log.floor());
    }

    /** Takes in the newest event of each key that the store has, once for all clients. */
    void loadLatest(TopicState topic) {
        history.oneAtATime(
                topic.name,
                () -> {
                    while (topic.needsLatest() && !tryLoad(topic)) {
                        Thread.onSpinWait(); // The topic was removed meanwhile.
                    }
                    return topic;
                });
    }

    private boolean tryLoad(TopicState topic) {
        Object keys = topic.options().key();
        long removedAt = topic.log.removal().at();
        Map<String, Frame> newest = history.latestEvents(topic.name);
        return order.locked(
                () -> {
                    LatestByKey known = topic.log.latest();
                    if (keys == null
                            || known == null
                            || !keys.equals(topic.options().key())
                            || topic.log.removal().at() != removedAt) {
                        return false;
                    }
                    newest.forEach(known::load);
                    topic.latestLoaded(keys);
                    return true;
                });
    }

    private ColdHistory.Part read(TopicState topic, long after, long upTo) {
        ColdHistory.Part part = history.read(topic.name, after, upTo);
        if (part.ofTable() && topic.table() == null) {
            topic.rowsChangedElsewhere();
        }
        return part.until(upTo);
    }

    /**
     * The next page of those up to a position, after a gap if some are no longer kept. It ends
     * where the store has lost events since the stream was opened: then the cursor asks again.
     */
    CatchUpResult page(Cursor cursor, String from, String reason, long wanted) {
        TopicState topic = cursor.topic;
        long at = cursor.at();
        long upTo = Math.min(wanted, order.epoch().endAfter(at, cursor.since()));
        ColdHistory.Part part = read(topic, Math.max(0, at), upTo);
        long reached = Math.max(part.upTo(), part.floor());
        long entry = reached < wanted ? CatchUpResult.MORE : entryAfter(topic.log, reached);
        String why = part.cleared() ? "removed" : reason;
        long lostUpTo = Math.max(part.floor(), order.epoch().beforeAll());
        List<CatchUpResult.Notice> gap =
                part.floor() > at ? List.of(gap(topic, from, lostUpTo, why)) : List.of();
        return new CatchUpResult(gap, part.frames(), entry, reached);
    }

    /**
     * Returns the entry after a position. If events after it were trimmed, they are in the store:
     * the floor is read last, because it rises before entries go.
     */
    static long entryAfter(EventLog log, long position) {
        long entry = log.firstAfter(position);
        return log.floor() > position ? CatchUpResult.MORE : entry;
    }

    private CatchUpResult.Notice gap(TopicState topic, String from, long to, String reason) {
        Epoch ids = order.epoch();
        return new Gap(topic.name, from, ids.id(to), null, reason).notice(to, json);
    }

    /** For a new client that gets everything that is kept of a topic. */
    CatchUpResult all(Cursor cursor) {
        return page(cursor, order.epoch().id(0), "expired", cursor.topic.log.floor())
                .withNotices(List.of())
                .asFirst();
    }

    /** For a new client that gets the last events first: those up to a position. */
    CatchUpResult last(Cursor cursor, int events, long until) {
        TopicState topic = cursor.topic;
        EventLog log = topic.log;
        var last = new ArrayDeque<Frame>();
        long at = 0;
        long entry;
        do { // The log may be trimmed meanwhile.
            while (at < Math.min(log.floor(), until)) {
                ColdHistory.Part part = read(topic, at, Math.min(log.floor(), until));
                if (part.floor() > at) { // The store was trimmed: this does not join the rest.
                    last.clear();
                }
                part.frames().forEach(frame -> addLast(last, frame, events));
                at = Math.max(part.upTo(), part.floor());
            }
            at = Math.min(at, until);
            entry = log.firstAfter(at);
        } while (at < Math.min(log.floor(), until));
        Frame frame = log.read(entry);
        while (frame != null && frame.position() <= until) {
            addLast(last, frame, events);
            frame = log.read(++entry);
        }
        return new CatchUpResult(List.of(), List.copyOf(last), entryAfter(log, until), until)
                .asFirst();
    }

    private static void addLast(ArrayDeque<Frame> last, Frame frame, int most) {
        last.addLast(frame);
        if (last.size() > most) {
            last.removeFirst();
        }
    }
}
