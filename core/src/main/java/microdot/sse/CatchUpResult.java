package microdot.sse;

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
 */
record CatchUpResult(List<Notice> notices, List<Frame> frames, long entry, long at) {
    /** Frames that one step of a filter or of the latest events by key gives at most. */
    static final int BATCH = 256;

    /** Bytes after which a step ends: frames keep their segments alive until they are delivered. */
    static final int BATCH_BYTES = 64 << 10;

    /**
     * What a client gets before a topic's next events: a gap, or a snapshot. It has no id of its
     * own: with one, the server would assume that a reconnecting client also has the other topics'
     * events up to there.
     *
     * @param upTo the position to which it brings the client in its topic
     * @param missed how many events it reports as missed, for the topic's figures
     * @param whole the parts of a snapshot of which this is one: they are shared for as long as one
     *     client waits for a part
     */
    record Notice(EncodedEvent event, long upTo, long missed, @Nullable Object whole) {
        /** A gap. */
        Notice(EncodedEvent event, long upTo, long missed) {
            this(event, upTo, missed, null);
        }
    }

    CatchUpResult withNotices(List<Notice> first) {
        return new CatchUpResult(first, frames, entry, at);
    }
}
