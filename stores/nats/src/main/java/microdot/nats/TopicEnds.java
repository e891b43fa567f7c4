package microdot.nats;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import microdot.sse.store.Entry;
import microdot.sse.store.StoredEntry;

/**
 * The ends of topics, as the tail has them, and the messages that came after one although their
 * publisher wanted them before it. The server cannot refuse such a message. So every node finds it
 * in the same order and gives it to nobody; its own node ends the topic again and deletes it.
 * Confined to the tail, except {@link #isRefused}.
 */
final class TopicEnds {
    private static final int MOST_ENDS = 65_536;
    private static final int MOST_REFUSED = 1024;

    private final Map<String, StoredEntry> ends = new LinkedHashMap<>();
    private final NavigableSet<Long> refused = new ConcurrentSkipListSet<>();

    /** The stream has these ends. */
    void begin(List<StoredEntry> known) {
        known.forEach(end -> ends.put(end.entry().topic(), end));
    }

    /**
     * Returns whether an entry counts, and notes it.
     *
     * @param lasts how long an end refuses it, in milliseconds; 0 for never
     */
    boolean admits(StoredEntry stored, long lasts, long sequence) {
        String topic = stored.entry().topic();
        StoredEntry end = ends.get(topic);
        if (end != null && stored.time() - end.time() < lasts) {
            refused.add(sequence);
            if (refused.size() > MOST_REFUSED) {
                refused.pollFirst(); // It was deleted long ago.
            }
            return false;
        }
        if (end != null) {
            ends.remove(topic);
        }
        if (stored.entry().kind() == Entry.Kind.CLOSE) {
            ends.put(topic, stored);
            if (ends.size() > MOST_ENDS) {
                ends.remove(ends.keySet().iterator().next());
            }
        }
        return true;
    }

    /** An end was replaced: it still has its time. */
    void replace(StoredEntry again) {
        ends.computeIfPresent(
                again.entry().topic(),
                (topic, end) -> new StoredEntry(again.position(), end.time(), end.entry()));
    }

    /** Ends after the position are lost. */
    void lose(long after) {
        ends.values().removeIf(end -> end.position() > after);
    }

    /** Returns whether the message with a sequence does not count. From any thread. */
    boolean isRefused(long sequence) {
        return refused.contains(sequence);
    }
}
