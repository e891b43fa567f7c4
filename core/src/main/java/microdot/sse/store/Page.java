package microdot.sse.store;

import java.util.List;
import microdot.internal.Required;

/**
 * A part of the history of a topic, of one moment.
 *
 * @param floor the position up to which entries of the topic may be missing because they are no
 *     longer kept; of {@link EventStore#latest}, up to which removals may be missing
 * @param entries oldest first; all that is kept of what was asked for, up to the last of them
 * @param more whether more is kept after the last of them, of what was asked for
 */
public record Page(long floor, List<StoredEntry> entries, boolean more) {
    /** Copies the list. */
    public Page {
        entries = List.copyOf(Required.notNull(entries, "entries", "entries, perhaps none"));
    }
}
