package microdot.sse.log;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch of the newest event of each key, in the order of their positions: what a new client of a
 * log with keys gets first. Made under the lock of the order.
 *
 * @param frames the events; those without a key and those that were replaced are left out
 * @param reached the position up to which the log was searched
 */
public record NewestOfKeys(List<Frame> frames, long reached) {
    // A bounded slice: no thread may hold the lock of the order for long.
    private static final int SEARCHED = 4096;

    /**
     * Searches a log after a position and up to another. A batch that is not full may end before
     * that, too: continue where it ended.
     *
     * @param batch how many frames make the batch full
     * @param batchBytes how many bytes make it full
     */
    public static NewestOfKeys of(
            EventLog log, long position, long until, int batch, long batchBytes) {
        LatestByKey table = log.latest();
        if (table == null) {
            return new NewestOfKeys(List.of(), until);
        }
        List<Frame> trimmed = table.between(position, until, batch, batchBytes);
        return trimmed.isEmpty()
                ? kept(log, table, position, until, batch, batchBytes)
                : new NewestOfKeys(trimmed, trimmed.getLast().position());
    }

    private static NewestOfKeys kept(
            EventLog log,
            LatestByKey table,
            long position,
            long until,
            int batch,
            long batchBytes) {
        var found = new ArrayList<Frame>();
        long bytes = 0;
        long reached = position;
        long entry = log.firstAfter(position);
        for (int searched = 0; searched < SEARCHED; searched++, entry++) {
            Segment segment = log.find(entry);
            int index = segment == null ? 0 : segment.indexOf(entry);
            if (segment == null || segment.position(index) > until) {
                return new NewestOfKeys(found, until);
            }
            reached = segment.position(index);
            if (isNewest(log, table, segment.key(index), entry)) {
                Frame frame = Frame.in(segment, index);
                found.add(frame);
                bytes += frame.length();
                if (found.size() >= batch || bytes >= batchBytes) {
                    break;
                }
            }
        }
        return new NewestOfKeys(found, reached);
    }

    private static boolean isNewest(
            EventLog log, LatestByKey table, @Nullable String key, long entry) {
        return key != null && log.isKeyed(entry) && table.isNewest(key, entry);
    }
}
