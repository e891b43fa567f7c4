package microdot.sse;

import java.util.ArrayList;
import java.util.function.BiPredicate;
import microdot.Request;

/**
 * A follower's filter: looks at a bounded number of entries at a time, on a virtual thread, for it
 * is user code, and hands on those that pass as the shared bytes that they are.
 */
final class Sieve {
    private static final int BATCH = 256;

    private final Request request;
    private final BiPredicate<Request, Event> filter;

    Sieve(Request request, BiPredicate<Request, Event> filter) {
        this.request = request;
        this.filter = filter;
    }

    Follower.Prepared next(Cursor cursor, long upTo) {
        var passed = new ArrayList<Frame>();
        long entry = cursor.entry();
        long at = cursor.at();
        for (int seen = 0; seen < BATCH; seen++) {
            Segment segment = cursor.log.find(entry);
            int index = segment == null ? 0 : (int) (entry - segment.first);
            if (segment == null || segment.position(index) > upTo) {
                break;
            }
            if (filter.test(
                    request,
                    EventParser.parseOne(
                            segment.bytes, segment.start(index), segment.end(index)))) {
                passed.add(Frame.in(segment, index));
            } else {
                at = passed.isEmpty() ? segment.position(index) : at;
            }
            entry++;
        }
        cursor.log.delivered.add(passed.size());
        return new Follower.Prepared(passed, entry, at);
    }
}
