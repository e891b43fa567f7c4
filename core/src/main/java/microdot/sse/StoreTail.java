package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import microdot.JsonCodec;
import microdot.internal.ProcessErrors;
import microdot.internal.Quoted;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.KeyedEvent;
import microdot.sse.log.Row;
import microdot.sse.log.StoreOrder;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.Entry;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a store has appended into the logs of this node, in the order of the store, and wakes
 * the followers. Only topics that the node knows have a log; what others get stays in the store.
 * Calls come one at a time.
 */
final class StoreTail {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** A bounded slice: no thread may hold the lock of the order for long. */
    private static final int SLICE = 256;

    /** The ends of topics that this node remembers beyond those that it has a log of. */
    private static final int MOST_ENDS = 65_536;

    private final StoreOrder order;
    private final RowEncoder rows;
    private final Map<String, StoredEntry> ends = new ConcurrentHashMap<>(); // Read without a lock.

    /** Topics whose end is being read, with the first position of the epoch. Under the lock. */
    private final Map<String, Long> asked = new HashMap<>();

    StoreTail(StoreOrder order, JsonCodec json, List<StoredEntry> ends) {
        this.order = order;
        this.rows = new RowEncoder(json);
        ends.forEach(this::remember);
    }

    /** Gets the entries that changed nothing. */
    interface Unchanged {
        /**
         * Gets an entry.
         *
         * @param instead what the publisher gets instead of the position: {@link
         *     TopicOrder#TOPIC_CLOSED} or {@link TopicOrder#NOTHING}
         */
        void add(long position, long instead);
    }

    void appended(List<StoredEntry> batch, NodeTopics known, Unchanged unchanged) {
        Set<TopicState> changed = new LinkedHashSet<>();
        for (int from = 0; from < batch.size(); from += SLICE) {
            List<StoredEntry> slice = batch.subList(from, Math.min(batch.size(), from + SLICE));
            var failures = new LinkedHashMap<StoredEntry, Throwable>(0);
            order.runLocked(
                    () -> {
                        for (StoredEntry stored : slice) {
                            TopicState topic = known.existing(stored.entry().topic());
                            if (guarded(stored, topic, known, unchanged, failures)
                                    && topic != null) {
                                changed.add(topic);
                            }
                        }
                    });
            failures.forEach(StoreTail::report); // Not under the lock: a log may block.
            changed.forEach(topic -> order.trim(topic.log));
        }
        if (!batch.isEmpty()) {
            order.runLocked(() -> order.raise(batch.getLast().position()));
        }
        for (TopicState topic : changed) {
            topic.readers.wake();
        }
        order.relieve();
    }

    /** An entry that cannot be placed is a loss of its topic on this node, and of no other. */
    private boolean guarded(
            StoredEntry stored,
            @Nullable TopicState topic,
            NodeTopics known,
            Unchanged unchanged,
            Map<StoredEntry, Throwable> failures) {
        try {
            return place(stored, topic, known, unchanged);
        } catch (RuntimeException | Error e) {
            failures.put(stored, e);
            if (topic != null && topic.table() == null) {
                order.placeLoss(topic.log, stored.position(), stored.position() - 1);
            }
            return true;
        }
    }

    private static void report(StoredEntry stored, Throwable failure) {
        ProcessErrors.check(failure);
        LOG.log(
                Level.ERROR,
                "an entry of topic "
                        + Quoted.whole(stored.entry().topic())
                        + " could not be taken from the store; its followers get a gap",
                failure);
    }

    /** Returns whether the topic has changed. */
    private boolean place(
            StoredEntry stored, @Nullable TopicState topic, NodeTopics known, Unchanged unchanged) {
        Entry entry = stored.entry();
        asked.remove(entry.topic());
        StoredEntry end = ends.get(entry.topic());
        TopicOptions options = end == null ? null : known.options(entry.topic());
        if (end != null
                && options != null
                && entry.kind() != Entry.Kind.CLEAR
                && !isOver(end, stored, options)) {
            unchanged.add(stored.position(), TopicOrder.TOPIC_CLOSED);
            return false;
        }
        if (end != null) {
            ends.remove(entry.topic());
        }
        if (topic != null && topic.log.closedAt() > 0) { // A new topic of the name begins.
            order.placeBeginning(topic.log);
        }
        if (entry.kind() == Entry.Kind.CLOSE) {
            remember(stored);
        }
        if (topic == null) {
            known.skipped(entry.topic(), stored.position());
            return false;
        }
        return placeKnown(stored, topic, known, unchanged);
    }

    /** A topic that has ended is forgotten after the time for which it keeps events. */
    private static boolean isOver(StoredEntry end, StoredEntry next, TopicOptions options) {
        long keep = TimeUnit.NANOSECONDS.toMillis(options.retention().nanos());
        return next.time() - end.time() >= keep;
    }

    private void remember(StoredEntry end) {
        ends.put(end.entry().topic(), end);
        if (ends.size() > MOST_ENDS) {
            ends.remove(ends.keySet().iterator().next());
        }
    }

    private boolean placeKnown(
            StoredEntry stored, TopicState topic, NodeTopics known, Unchanged unchanged) {
        Entry entry = stored.entry();
        long position = stored.position();
        switch (entry.kind()) {
            case EVENT -> {
                if (topic.table() != null) {
                    return false; // Of a node that does not know the table.
                }
                order.place(topic.log, StoredEvents.event(entry), entry.key(), position);
            }
            case PUT, REMOVE -> {
                TableRows table = topic.log.rows();
                if (table == null) {
                    topic.rowsChangedElsewhere();
                    known.skipped(topic.name, position); // Of a later topic of the name, too.
                    return false;
                }
                placeRow(stored, topic, table, unchanged);
                return true; // Also of a row that was loaded before: its followers wait for this.
            }
            case CLOSE -> order.placeEnd(topic.log, position, order.now());
            case CLEAR -> {
                order.placeRemoval(topic.log, position);
                topic.hasFormerEnd(0);
                topic.removedElsewhere();
                if (topic.table() != null) {
                    topic.dropOptions();
                }
            }
        }
        return true;
    }

    private void placeRow(
            StoredEntry stored, TopicState topic, TableRows table, Unchanged unchanged) {
        Entry entry = stored.entry();
        String key = entry.key();
        long position = stored.position();
        if (key == null) {
            return;
        }
        if (entry.kind() == Entry.Kind.PUT) {
            order.placeRow(topic.log, rows.stored(topic.name, key, entry.bytes()), position);
            return;
        }
        if (table.isWithout(key, position)) {
            unchanged.add(position, TopicOrder.NOTHING); // Another removal came before.
            return;
        }
        Row removal = removal(topic, key, entry, position, table);
        if (removal != null) {
            order.placeRow(topic.log, removal, position);
        }
    }

    /** Returns null for a removal of another row than the one that is there, or is still loaded. */
    private @Nullable Row removal(
            TopicState topic, String key, Entry entry, long position, TableRows known) {
        Row row = known.get(key);
        if (row == null && entry.row() > 0 && known.isLoading()) {
            Row removal = rows.removal(topic.name, key, null);
            known.removeLate(entry.row(), removal, position, order.now());
            return null;
        }
        boolean other = row != null && entry.row() > 0 && row.position() != entry.row();
        return other ? null : rows.removal(topic.name, key, row);
    }

    // ---- Topics that become known, under the lock of the order ----

    /** A topic that ended in the store is ended here too; with its new options, perhaps not. */
    void created(TopicState topic) {
        StoredEntry end = ends.get(topic.name);
        long keep = TimeUnit.NANOSECONDS.toMillis(topic.options().retention().nanos());
        if (end != null && System.currentTimeMillis() - end.time() >= keep) {
            ends.remove(topic.name); // Over since: a new topic of the name may begin.
            order.placeBeginning(topic.log);
        } else if (end != null) {
            long age = System.currentTimeMillis() - end.time();
            long time = order.now() - TimeUnit.MILLISECONDS.toNanos(Math.max(0, age));
            order.placeEnd(topic.log, end.position(), time);
        }
    }

    /** Returns the position of the end of a topic; 0 if there is none. From any thread. */
    long end(String name) {
        StoredEntry end = ends.get(name);
        return end == null ? 0 : end.position();
    }

    /** Ends after the position may be lost. Returns the topics that had them. */
    Set<String> lose(long after) {
        var names = new LinkedHashSet<String>();
        ends.values().removeIf(end -> end.position() > after && names.add(end.entry().topic()));
        return names;
    }

    /** The ends of the topics are to be read, because an epoch began at the position. */
    void asks(Set<String> names, long first) {
        asked.clear();
        names.forEach(name -> asked.put(name, first));
    }

    /**
     * An end that this process has missed, or that was not lost after all; unless the topic had an
     * entry, or another epoch began, while it was read.
     *
     * @param topic null when this process does not know it
     */
    void ended(StoredEntry end, long first, @Nullable TopicState topic) {
        String name = end.entry().topic();
        if (asked.remove(name, first) && !ends.containsKey(name)) {
            remember(end);
            if (topic != null) {
                created(topic);
            }
        }
    }

    /** The end of a topic is over: a new topic of the name may begin. */
    void endOver(String name) {
        ends.remove(name);
    }

    /**
     * Takes in rows of a table, and removals, as the store has them.
     *
     * @param loaded oldest first
     * @param floor the position up to which removals may be missing
     */
    void load(TopicState topic, List<StoredEntry> loaded, long floor) {
        TableRows table = topic.log.rows();
        if (table == null) {
            return;
        }
        table.loading(floor);
        for (StoredEntry stored : loaded) {
            Entry entry = stored.entry();
            String key = entry.key();
            if (key != null && entry.kind() != Entry.Kind.EVENT) {
                Row change =
                        entry.kind() == Entry.Kind.PUT
                                ? rows.stored(topic.name, key, entry.bytes())
                                : rows.removal(topic.name, key, null);
                table.load(change, stored.position(), timeOf(stored));
            }
        }
        topic.log.rowsLoaded();
    }

    private long timeOf(StoredEntry stored) {
        long age = Math.max(0, System.currentTimeMillis() - stored.time());
        return order.now() - TimeUnit.MILLISECONDS.toNanos(age);
    }

    /** Returns the entries of events that a batch of a writer becomes. */
    static List<Entry> entries(PublishBatch batch) {
        var entries = new ArrayList<Entry>(batch.events().size() + 1);
        String topic = batch.topic().name;
        for (KeyedEvent ready : batch.events()) {
            EncodedEvent event = ready.event();
            entries.add(Entry.event(topic, ready.key(), event.userId(), StoredEvents.bytes(event)));
        }
        if (batch.isLast()) {
            entries.add(Entry.close(topic));
        }
        return entries;
    }
}
