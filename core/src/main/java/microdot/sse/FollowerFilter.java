package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import microdot.Request;

/**
 * A follower's filter: looks at a bounded number of entries at a time, on a virtual thread, for it
 * is user code, and hands on those that pass as the shared bytes that they are.
 */
final class FollowerFilter {
    static final int BATCH = 256;

    /** What passed keeps its segments alive until the client has taken it: not too many. */
    static final int BATCH_BYTES = 64 << 10;

    private final Request request;
    private final BiPredicate<Request, Event> filter;

    FollowerFilter(Request request, BiPredicate<Request, Event> filter) {
        this.request = request;
        this.filter = filter;
    }

    /** Looks at what comes next in the log, up to a position. */
    CatchUpResult next(Cursor cursor, long upTo) {
        var passed = new ArrayList<Frame>();
        long entry = cursor.entry();
        long at = cursor.at();
        long bytes = 0;
        for (int seen = 0; seen < BATCH && bytes < BATCH_BYTES; seen++) {
            Segment segment = cursor.log.find(entry);
            int index = segment == null ? 0 : (int) (entry - segment.first);
            if (segment == null || segment.position(index) > upTo) {
                break;
            }
            Frame frame = Frame.in(segment, index);
            if (passes(frame)) {
                passed.add(frame);
            }
            bytes += frame.length();
            at = frame.position();
            entry++;
        }
        return new CatchUpResult(List.of(), passed, entry, at);
    }

    /** Lets through what passes of what was prepared; gaps and states always do. */
    CatchUpResult sift(CatchUpResult all) {
        List<Frame> frames = all.frames();
        List<Frame> passed = frames.stream().filter(this::passes).toList();
        // What did not pass is looked at for good: a later gap begins behind it.
        long at = frames.isEmpty() ? all.at() : Math.max(all.at(), frames.getLast().position());
        return new CatchUpResult(all.ahead(), passed, all.entry(), at);
    }

    private boolean passes(Frame frame) {
        return filter.test(request, EventParser.parseOne(frame.bytes(), frame.from(), frame.to()));
    }
}
