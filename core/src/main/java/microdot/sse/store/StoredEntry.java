package microdot.sse.store;

import microdot.internal.Required;

/**
 * An entry that is in the engine.
 *
 * @param position in the order of all entries; at least 1
 * @param time when it was appended, in milliseconds since 1970, by the clock of the engine or of
 *     the node that appended it
 */
public record StoredEntry(long position, long time, Entry entry) {
    /** Refuses null. */
    public StoredEntry {
        Required.notNull(entry, "entry", "what was appended");
    }
}
