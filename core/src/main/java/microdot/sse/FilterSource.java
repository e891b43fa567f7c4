package microdot.sse;

import java.util.List;
import microdot.sse.log.EventLog;
import microdot.sse.log.Frame;
import org.jspecify.annotations.Nullable;

/**
 * The frames that a filter must still test, and the cursor's position after them. Used by one
 * thread at a time.
 */
abstract class FilterSource {
    private static final byte[] NO_BYTES = {};

    private @Nullable Frame current;

    /** Returns the next frame, as often as wanted; null when this source has no more. */
    @Nullable Frame current() {
        if (current == null) {
            current = find();
        }
        return current;
    }

    /** Continues after the current frame, which was tested. */
    void advance() {
        Frame tested = current();
        current = null;
        if (tested != null) {
            tested(tested);
        }
    }

    abstract @Nullable Frame find();

    abstract void tested(Frame frame);

    /** Returns the entry that the cursor reads after what was tested. */
    abstract long entry();

    /** Returns the position up to which everything is done then. */
    abstract long at();

    /**
     * Returns a frame without bytes at the position of what is yet to be tested. It keeps the
     * cursor's position among the other cursors; null where the cursor needs none.
     */
    abstract @Nullable Frame placeholder();

    /** The next entries of a log, up to a position; a bounded number of them. */
    static FilterSource entries(Cursor cursor, long upTo) {
        return new Entries(cursor.topic.log, cursor.entry(), cursor.at(), upTo);
    }

    /** The frames of a result. */
    static FilterSource frames(CatchUpResult result) {
        return new Frames(result);
    }

    private static final class Entries extends FilterSource {
        private final EventLog log;
        private final long upTo;
        private long entry;
        private long at;
        private int count;
        private long bytes;

        Entries(EventLog log, long entry, long at, long upTo) {
            this.log = log;
            this.entry = entry;
            this.at = at;
            this.upTo = upTo;
        }

        @Override
        @Nullable Frame find() {
            if (count >= CatchUpResult.BATCH || bytes >= CatchUpResult.BATCH_BYTES) {
                return null;
            }
            Frame frame = log.read(entry);
            return frame == null || frame.position() > upTo ? null : frame;
        }

        @Override
        void tested(Frame frame) {
            count++;
            bytes += frame.length();
            at = frame.position();
            entry++;
        }

        @Override
        long entry() {
            return entry;
        }

        @Override
        long at() {
            return at;
        }

        @Override
        @Nullable Frame placeholder() {
            return null;
        }
    }

    private static final class Frames extends FilterSource {
        private final CatchUpResult result;
        private int next;

        Frames(CatchUpResult result) {
            this.result = result;
        }

        @Override
        @Nullable Frame find() {
            List<Frame> frames = result.frames();
            return next < frames.size() ? frames.get(next) : null;
        }

        @Override
        void tested(Frame frame) {
            next++;
        }

        @Override
        long entry() {
            return result.entry();
        }

        @Override
        long at() {
            // Frames that did not pass are done with: a later gap begins after them.
            return Math.max(result.at(), result.frames().getLast().position());
        }

        @Override
        @Nullable Frame placeholder() {
            Frame frame = current();
            return frame == null ? null : new Frame(frame.position(), NO_BYTES, 0, 0);
        }
    }
}
