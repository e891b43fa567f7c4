package microdot.sse.store;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The entries of a {@link MemoryStore}. Its caller holds its lock. */
final class MemoryEngine {
    private static final long JUMP = 1L << 32;

    private final InstantSource clock;
    private final List<StoreEpoch> epochs = new ArrayList<>();
    private final Map<String, MemoryTopic> topics = new HashMap<>();
    private final Map<String, Repeat> repeats = new LinkedHashMap<>();
    private long head;
    private long next;

    private record Repeat(long time, List<Long> positions) {}

    MemoryEngine(String epoch, InstantSource clock) {
        this.clock = clock;
        next = StoreEpoch.positionAt(clock.instant()) + 1; // Clients may have ids of another one.
        epochs.add(new StoreEpoch(epoch, 0, next));
    }

    List<StoreEpoch> epochs() {
        return List.copyOf(epochs);
    }

    long head() {
        return head;
    }

    List<StoredEntry> ends() {
        return topics.values().stream()
                .map(MemoryTopic::end)
                .filter(Objects::nonNull)
                .sorted(Comparator.comparingLong(StoredEntry::position))
                .toList();
    }

    /**
     * What an append did.
     *
     * @param batch the entries that are new; none for an append that was repeated
     */
    record Appended(List<Long> positions, List<StoredEntry> batch) {}

    Appended append(Append append) {
        long now = clock.millis();
        forgetRepeats(now);
        String key = append.idempotencyKey();
        Repeat known = key == null ? null : repeats.get(key);
        if (known != null) {
            return new Appended(known.positions, List.of());
        }
        check(append, now);
        var batch = new ArrayList<StoredEntry>(append.entries().size());
        for (Entry entry : append.entries()) {
            var stored = new StoredEntry(next++, now, entry);
            topics.computeIfAbsent(entry.topic(), name -> new MemoryTopic()).add(stored);
            batch.add(stored);
        }
        head = next - 1;
        List<Long> positions = batch.stream().map(StoredEntry::position).toList();
        if (key != null) {
            repeats.put(key, new Repeat(now, positions));
        }
        return new Appended(positions, batch);
    }

    /** The oldest come first. */
    private void forgetRepeats(long now) {
        Iterator<Repeat> oldest = repeats.values().iterator();
        while (oldest.hasNext() && now - oldest.next().time > Append.REPEAT_SECONDS * 1000L) {
            oldest.remove();
        }
    }

    private void check(Append append, long now) {
        String topic = append.entries().getFirst().topic();
        Duration endLasts = append.endLasts();
        MemoryTopic known = endLasts == null ? null : trimmed(topic);
        StoredEntry end = known == null ? null : known.end();
        if (endLasts != null && end != null && now - end.time() < endLasts.toMillis()) {
            throw new EndedException(topic);
        }
        if (append.expectedLast().isPresent()) {
            long expected = append.expectedLast().getAsLong();
            long last = kept(topic).last();
            if (last != expected) {
                throw new ConflictException(topic, expected, last);
            }
        }
    }

    Page read(String topic, long after, long upTo, int maxBytes) {
        MemoryTopic known = trimmed(topic);
        return known == null
                ? new Page(0, List.of(), false)
                : known.page(known.entries, after, upTo, maxBytes);
    }

    Page latest(String topic, long after, int maxBytes) {
        MemoryTopic known = trimmed(topic);
        if (known == null) {
            return new Page(0, List.of(), false);
        }
        List<StoredEntry> newest =
                known.newest.values().stream()
                        .sorted(Comparator.comparingLong(StoredEntry::position))
                        .toList();
        return known.page(newest, after, Long.MAX_VALUE, maxBytes);
    }

    Kept kept(String topic) {
        MemoryTopic known = trimmed(topic);
        if (known == null) {
            return new Kept(0, 0, 0);
        }
        StoredEntry end = known.end();
        return new Kept(known.floor, known.last, end == null ? 0 : end.position());
    }

    OptionalLong find(String topic, String id) {
        MemoryTopic known = trimmed(topic);
        return known == null
                ? OptionalLong.empty()
                : known.entries.stream()
                        .filter(stored -> id.equals(stored.entry().id()))
                        .mapToLong(StoredEntry::position)
                        .max();
    }

    void retain(String topic, StoreRetention retention) {
        topics.computeIfAbsent(topic, name -> new MemoryTopic()).retention = retention;
    }

    private @Nullable MemoryTopic trimmed(String topic) {
        MemoryTopic known = topics.get(topic);
        if (known != null) {
            known.trim(clock.millis());
        }
        return known;
    }

    StoreEpoch lose(String name, long after) {
        topics.values().forEach(topic -> topic.lose(after));
        repeats.clear(); // Some may be of what is lost.
        head = Math.min(head, after);
        next += JUMP;
        var epoch = new StoreEpoch(name, after, next);
        epochs.add(epoch);
        return epoch;
    }

    /** The entries of one topic. */
    private static final class MemoryTopic {
        final ArrayDeque<StoredEntry> entries = new ArrayDeque<>();

        /** By key: rows, keyed events, and the removals that are still among the entries. */
        final Map<String, StoredEntry> newest = new HashMap<>();

        StoreRetention retention = StoreRetention.STANDARD;
        long floor;
        long last;
        private long bytes;

        void add(StoredEntry stored) {
            Entry entry = stored.entry();
            if (entry.kind() == Entry.Kind.CLEAR) {
                clear(stored.position());
            }
            entries.addLast(stored);
            bytes += entry.bytes().length;
            last = stored.position();
            addNewest(stored);
            trim(stored.time());
        }

        /** The removal of a row leaves a newer one of the same key. */
        private void addNewest(StoredEntry stored) {
            String key = stored.entry().key();
            if (key == null) {
                return;
            }
            StoredEntry before = newest.get(key);
            long row = stored.entry().row();
            if (row == 0 || before == null || before.position() <= row) {
                newest.put(key, stored);
            }
        }

        private void clear(long position) {
            entries.clear();
            newest.clear();
            bytes = 0;
            floor = position - 1;
        }

        @Nullable StoredEntry end() {
            StoredEntry newestEntry = entries.peekLast();
            return newestEntry != null && newestEntry.entry().kind() == Entry.Kind.CLOSE
                    ? newestEntry
                    : null;
        }

        void trim(long now) {
            StoreRetention limits = retention;
            long oldest = now - limits.time().toMillis();
            while (!entries.isEmpty()) {
                StoredEntry first = entries.getFirst();
                boolean tooMany =
                        entries.size() > 1
                                && (entries.size() > limits.events() || bytes > limits.bytes());
                if (!tooMany && first.time() > oldest) {
                    break;
                }
                entries.removeFirst();
                bytes -= first.entry().bytes().length;
                floor = first.position();
            }
            newest.values().removeIf(stored -> !isKept(stored, limits, oldest));
        }

        private boolean isKept(StoredEntry stored, StoreRetention limits, long oldest) {
            if (stored.position() > floor) {
                return true;
            }
            return limits.latestOfKeys()
                    && switch (stored.entry().kind()) {
                        case PUT -> true;
                        case EVENT -> stored.time() > oldest;
                        case REMOVE, CLOSE, CLEAR -> false;
                    };
        }

        Page page(Iterable<StoredEntry> all, long after, long upTo, int maxBytes) {
            var found = new ArrayList<StoredEntry>();
            long left = maxBytes;
            for (StoredEntry stored : all) {
                if (stored.position() > after && stored.position() <= upTo) {
                    left -= stored.entry().bytes().length;
                    if (left < 0 && !found.isEmpty()) {
                        return new Page(floor, found, true);
                    }
                    found.add(stored);
                }
            }
            return new Page(floor, found, false);
        }

        void lose(long after) {
            entries.removeIf(stored -> stored.position() > after);
            bytes = entries.stream().mapToLong(stored -> stored.entry().bytes().length).sum();
            newest.values().removeIf(stored -> stored.position() > after);
            entries.forEach(this::addNewest);
            last = entries.isEmpty() ? Math.min(last, floor) : entries.getLast().position();
        }
    }
}
