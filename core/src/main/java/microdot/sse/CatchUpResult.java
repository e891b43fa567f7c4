package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.Frame;
import org.jspecify.annotations.Nullable;

/**
 * What a cursor continues with.
 *
 * @param notices put before everything else
 * @param frames events for this follower alone, in the order of their positions
 * @param entry the entry that the cursor reads after them
 * @param at the position up to which everything is delivered or covered by a notice then
 * @param idsFrom of a new client: the position up to which its events go out without ids; 0 for
 *     none
 */
record CatchUpResult(List<Notice> notices, List<Frame> frames, long entry, long at, long idsFrom) {
    /**
     * The entry of a cursor that is sent, part by part, what the log does not have: below all
     * entries, so that it lags and asks again. Such a client is not slow.
     */
    static final long MORE = -1;

    /** Frames that one step of a filter or of the latest events by key gives at most. */
    static final int BATCH = 256;

    /** Bytes after which a step ends: frames keep their segments alive until they are delivered. */
    static final int BATCH_BYTES = 64 << 10;

    CatchUpResult(List<Notice> notices, List<Frame> frames, long entry, long at) {
        this(notices, frames, entry, at, 0);
    }

    /**
     * What a client gets before a topic's next events: a gap, or a snapshot. It has no id of its
     * own: with one, the server would assume that a reconnecting client also has the other topics'
     * events up to there.
     *
     * @param event null for the parts of a snapshot that are not made yet
     * @param upTo the position to which it brings the client in its topic
     * @param missed how many events it reports as missed, for the topic's figures
     * @param later the parts of a snapshot that are not made yet; null when there is an event
     */
    record Notice(
            @Nullable EncodedEvent event, long upTo, long missed, @Nullable LaterParts later) {
        /** A gap, or a snapshot. */
        Notice(EncodedEvent event, long upTo, long missed) {
            this(event, upTo, missed, null);
        }

        /** Returns how many events the client gets. */
        int count() {
            return later == null ? 1 : later.count();
        }
    }

    /** Returns the notices of a part and of those after it. */
    static List<Notice> parts(EncodedEvent first, @Nullable LaterParts later, long upTo) {
        var notices = new ArrayList<Notice>(2);
        notices.add(new Notice(first, upTo, 0));
        if (later != null) {
            notices.add(new Notice(null, upTo, 0, later));
        }
        return notices;
    }

    /** Returns this result for a new client, which resumes before none of its events. */
    CatchUpResult asFirst() {
        long before = frames.isEmpty() ? 0 : frames.getFirst().position() - 1;
        return new CatchUpResult(notices, frames, entry, at, before);
    }

    CatchUpResult withNotices(List<Notice> first) {
        return new CatchUpResult(first, frames, entry, at, idsFrom);
    }
}
