package microdot.sse.log;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The position of a client: the epoch of the order and a position in it, {@code epoch-position} on
 * the wire. A client whose snapshots are of a later position has an {@code s} after it: it resumes
 * with new snapshots, because the events up to theirs would repeat what they contain. The epoch
 * keeps a position of an earlier run from being taken for one of this run: after a restart the same
 * position means another event.
 */
public record EventId(String epoch, long position, boolean snapshotsAreLater) {
    private static final Pattern SHAPE =
            Pattern.compile("([A-Za-z0-9]{10})-(0|[1-9][0-9]{0,17})(s?)");

    /** Returns the id; null when the text does not have its shape. */
    public static @Nullable EventId parse(String text) {
        Matcher parts = SHAPE.matcher(text);
        return parts.matches()
                ? new EventId(
                        parts.group(1), Long.parseLong(parts.group(2)), !parts.group(3).isEmpty())
                : null;
    }

    @Override
    public String toString() {
        return epoch + "-" + position + (snapshotsAreLater ? "s" : "");
    }
}
