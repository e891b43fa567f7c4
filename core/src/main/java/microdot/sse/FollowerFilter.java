package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import microdot.Request;
import microdot.sse.log.Frame;

/**
 * A follower's filter. It tests a bounded number of entries at a time, on a virtual thread because
 * it is user code, and passes on the shared bytes of those that it accepts.
 */
final class FollowerFilter {
    private final Request request;
    private final BiPredicate<Request, Event> filter;

    FollowerFilter(Request request, BiPredicate<Request, Event> filter) {
        this.request = request;
        this.filter = filter;
    }

    /** Tests the next entries of the log, up to a position. */
    CatchUpResult next(Cursor cursor, long upTo) {
        var passed = new ArrayList<Frame>();
        long entry = cursor.entry();
        long at = cursor.at();
        long bytes = 0;
        for (int seen = 0;
                seen < CatchUpResult.BATCH && bytes < CatchUpResult.BATCH_BYTES;
                seen++) {
            Frame frame = cursor.topic.log.read(entry);
            if (frame == null || frame.position() > upTo) {
                break;
            }
            if (passes(frame)) {
                passed.add(frame);
            }
            bytes += frame.length();
            at = frame.position();
            entry++;
        }
        return new CatchUpResult(List.of(), passed, entry, at);
    }

    /** Tests the frames of a result; its notices always pass. */
    CatchUpResult filter(CatchUpResult all) {
        List<Frame> frames = all.frames();
        List<Frame> passed = frames.stream().filter(this::passes).toList();
        // Frames that did not pass are done with: a later gap begins after them.
        long at = frames.isEmpty() ? all.at() : Math.max(all.at(), frames.getLast().position());
        return new CatchUpResult(all.notices(), passed, all.entry(), at);
    }

    private boolean passes(Frame frame) {
        return filter.test(request, EventParser.parseOne(frame.bytes(), frame.from(), frame.to()));
    }
}
