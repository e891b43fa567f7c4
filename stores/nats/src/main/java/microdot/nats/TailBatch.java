package microdot.nats;

import java.util.ArrayList;
import java.util.List;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/** What comes next for the tail, and which appends of this node it completes. */
final class TailBatch {
    /** So many entries, or about so many bytes, are given to the tail at once. */
    private static final int ENTRIES = 256;

    private static final int BYTES = 1 << 20;

    private final List<StoredEntry> entries = new ArrayList<>();
    private final List<Own> own = new ArrayList<>();
    private final List<Refused> refused = new ArrayList<>(0);
    private @Nullable TailState reached;
    private int bytes;

    /** An append of this node. */
    private record Own(long number, long position) {}

    /**
     * A message that came after the end of its topic.
     *
     * @param number of the append, if it is of this node; else 0
     */
    record Refused(String topic, long sequence, long number) {}

    /** The batch goes up to here. */
    void reach(TailState state) {
        reached = state;
    }

    /**
     * @param number of the append, if it is of this node; else 0
     */
    void add(StoredEntry stored, long number) {
        entries.add(stored);
        bytes += stored.entry().bytes().length;
        if (number > 0) {
            own.add(new Own(number, stored.position()));
        }
    }

    void refuse(String topic, long sequence, long number) {
        refused.add(new Refused(topic, sequence, number));
    }

    List<Refused> refused() {
        return List.copyOf(refused);
    }

    boolean isFull() {
        return entries.size() + refused.size() >= ENTRIES || bytes >= BYTES;
    }

    /** Returns up to where the batch goes; null when there is nothing in it. */
    @Nullable TailState reached() {
        return reached;
    }

    List<StoredEntry> entries() {
        return List.copyOf(entries);
    }

    void complete(Appends appends) {
        own.forEach(each -> appends.complete(each.number, each.position));
    }

    void clear() {
        entries.clear();
        own.clear();
        refused.clear();
        reached = null;
        bytes = 0;
    }
}
