package microdot.sse;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.Epoch;
import microdot.sse.log.Frame;
import microdot.sse.log.PolledLock;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore;
import microdot.sse.store.Page;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/**
 * What a store keeps of topics and this node has not in memory, read in pages. The pages that were
 * read last are kept, so that many clients that reconnect at once have each read once. Blocks, so
 * never on an event loop; fails with an {@link EngineAwayException} when the engine cannot be read.
 */
final class ColdHistory {
    /** The bytes of a page: what a client takes in one step. */
    static final int PAGE_BYTES = CatchUpResult.BATCH_BYTES;

    private static final int LATEST_BYTES = 1 << 20;

    private final StoreReads reads;
    private final Epoch ids;
    private final long maxBytes;

    // Held while a page is read, so that it is read once; for each topic its own.
    private final Map<String, PolledLock> reading = new LinkedHashMap<>();

    // Under their own lock; the least recently used topic first.
    private final PageCache pages = new PageCache();

    /**
     * Entries of a topic as frames.
     *
     * @param floor entries up to here may be missing
     * @param after the position from which on the page has everything
     * @param upTo the position up to which it has everything
     * @param cleared whether the first thing after the floor is that the topic was removed
     * @param ofTable whether changes of rows are left out
     */
    record Part(
            long floor,
            long after,
            long upTo,
            boolean cleared,
            boolean ofTable,
            List<Frame> frames) {
        /**
         * Limits the part to a position. An engine that is ahead of this node may have trimmed
         * entries that the node has, or receives next: they are not lost. A part that another
         * client has read may begin after them, and must not skip them, or end after a loss of
         * which this client has to learn.
         *
         * @param most the position after which this node has everything in memory, or a gap comes
         */
        Part until(long most) {
            if (floor > most) {
                return new Part(most, after, most, cleared, ofTable, List.of());
            }
            if (upTo <= most) {
                return this;
            }
            List<Frame> kept = frames.stream().filter(each -> each.position() <= most).toList();
            return new Part(floor, after, most, cleared, ofTable, kept);
        }
    }

    ColdHistory(StoreReads reads, Epoch ids, long maxBytes) {
        this.reads = reads;
        this.ids = ids;
        this.maxBytes = maxBytes;
    }

    /**
     * Reads on in a topic.
     *
     * @param after the position after which events are wanted
     * @param upTo the position up to which this node does not have them in memory
     */
    Part read(String topic, long after, long upTo) {
        Part known = pages.find(topic, after);
        if (known != null) {
            return known;
        }
        return oneAtATime(
                topic,
                () -> {
                    Part page = pages.find(topic, after);
                    return page != null
                            ? page
                            : reads.of(topic, store -> readPage(store, topic, after, upTo));
                });
    }

    /** Runs what reads a topic, when nothing else reads it: clients then share what was read. */
    <T> T oneAtATime(String topic, Supplier<T> read) {
        PolledLock lock = lockOf(topic);
        lock.lock();
        try {
            return read.get();
        } finally {
            lock.unlock();
        }
    }

    private Part readPage(EventStore store, String topic, long after, long upTo) {
        if (pages.isAnyAfter(topic, after)) { // Then this client probably gets a gap up to there.
            long floor = store.kept(topic).floor();
            Part known = floor > after ? pages.find(topic, floor) : null;
            if (known != null) {
                return new Part(floor, after, known.upTo(), false, known.ofTable(), known.frames());
            }
        }
        long generation = pages.generation();
        Part read = part(store.read(topic, after, upTo, PAGE_BYTES), after, upTo);
        pages.add(topic, read, maxBytes, generation);
        return read;
    }

    private PolledLock lockOf(String topic) {
        synchronized (reading) {
            if (reading.size() > 1024) {
                reading.values().removeIf(PolledLock::isUnused);
            }
            return reading.computeIfAbsent(topic, name -> new PolledLock());
        }
    }

    private Part part(Page page, long after, long upTo) {
        List<StoredEntry> entries = page.entries();
        var frames = new ArrayList<Frame>(entries.size());
        boolean ofTable = false;
        for (StoredEntry stored : entries) {
            switch (stored.entry().kind()) {
                case EVENT -> frames.add(frame(stored));
                case PUT, REMOVE -> ofTable = true;
                case CLOSE, CLEAR -> {}
            }
        }
        boolean cleared =
                !entries.isEmpty() && entries.getFirst().entry().kind() == Entry.Kind.CLEAR;
        // What was before the removal is gone, and so is the removal itself.
        long floor = cleared ? entries.getFirst().position() : page.floor();
        long reached = page.more() ? entries.getLast().position() : upTo;
        return new Part(floor, after, reached, cleared, ofTable, List.copyOf(frames));
    }

    private Frame frame(StoredEntry stored) {
        EncodedEvent event = StoredEvents.event(stored.entry());
        byte[] bytes = event.toBytes(event.idLine(ids, stored.position()));
        return new Frame(stored.position(), bytes, 0, bytes.length);
    }

    /** Reads the newest entry of each key: the rows of a table, with removals. */
    List<StoredEntry> latest(String topic) {
        return reads.of(topic, store -> latest(store, topic));
    }

    private static List<StoredEntry> latest(EventStore store, String topic) {
        var all = new ArrayList<StoredEntry>();
        Page page = store.latest(topic, 0, LATEST_BYTES);
        all.addAll(page.entries());
        while (page.more()) {
            page = store.latest(topic, all.getLast().position(), LATEST_BYTES);
            all.addAll(page.entries());
        }
        return all;
    }

    /** Reads the newest event of each key. */
    Map<String, Frame> latestEvents(String topic) {
        var newest = new LinkedHashMap<String, Frame>();
        for (StoredEntry stored : latest(topic)) {
            String key = stored.entry().key();
            if (key != null && stored.entry().kind() == Entry.Kind.EVENT) {
                newest.put(key, frame(stored));
            }
        }
        return newest;
    }

    /** Returns the position up to which removals of a topic may no longer be known. */
    long floor(String topic) {
        return reads.of(topic, store -> store.kept(topic).floor());
    }

    /**
     * Returns the id of the position of an event that has this id of its publisher, of the oldest
     * of these topics; the text itself when no topic has it.
     */
    String resolved(List<String> topics, String lastEventId) {
        long oldest = Long.MAX_VALUE;
        for (String topic : topics) {
            OptionalLong position = reads.of(topic, store -> store.find(topic, lastEventId));
            oldest = Math.min(oldest, position.orElse(Long.MAX_VALUE));
        }
        return oldest == Long.MAX_VALUE ? lastEventId : ids.id(oldest);
    }

    /** What was read of a topic is no longer right: it was removed, or entries were lost. */
    void forget(String topic) {
        pages.remove(topic);
    }

    /** Nothing that was read is right any more. */
    void forgetAll() {
        pages.clear();
    }

    /** Pages of one topic by position, and when the first of them was read. */
    private record Pages(long since, TreeMap<Long, Part> parts) {
        Pages(long since) {
            this(since, new TreeMap<>());
        }
    }

    /** Pages by topic and position. */
    private static final class PageCache {
        /** A store trims a topic without a notice: a page is not kept for long after that. */
        private static final long LONGEST = TimeUnit.SECONDS.toNanos(10);

        private final Map<String, Pages> topics = new LinkedHashMap<>(16, 0.75f, true);
        private long bytes;

        /** Rises when something is forgotten: what was read before must not be kept. */
        private long generation;

        synchronized long generation() {
            return generation;
        }

        /** Returns a page that has everything after the position. */
        synchronized @Nullable Part find(String topic, long after) {
            Pages known = topics.get(topic);
            if (known != null && System.nanoTime() - known.since > LONGEST) {
                drop(topic);
                known = null;
            }
            Map.Entry<Long, Part> entry = known == null ? null : known.parts.floorEntry(after);
            Part part = entry == null ? null : entry.getValue();
            if (part == null || after >= part.upTo()) {
                return null;
            }
            if (part.after() == after) {
                return part;
            }
            List<Frame> rest =
                    part.frames().stream().filter(frame -> frame.position() > after).toList();
            return new Part(part.floor(), after, part.upTo(), false, part.ofTable(), rest);
        }

        synchronized boolean isAnyAfter(String topic, long after) {
            Pages known = topics.get(topic);
            return known != null && known.parts.higherKey(after) != null;
        }

        /** Keeps what is after the floor: the floor rises, and a gap must not be an old one. */
        synchronized void add(String topic, Part read, long maxBytes, long readIn) {
            long from = Math.max(read.after(), read.floor());
            var part =
                    new Part(read.floor(), from, read.upTo(), false, read.ofTable(), read.frames());
            if (part.upTo() <= from || readIn != generation) {
                return;
            }
            Part before =
                    topics.computeIfAbsent(topic, name -> new Pages(System.nanoTime()))
                            .parts
                            .put(part.after(), part);
            bytes += size(part) - (before == null ? 0 : size(before));
            while (bytes > maxBytes) {
                String oldest = topics.keySet().iterator().next();
                TreeMap<Long, Part> parts = Objects.requireNonNull(topics.get(oldest)).parts;
                bytes -= size(Objects.requireNonNull(parts.pollFirstEntry()).getValue());
                if (parts.isEmpty()) {
                    topics.remove(oldest);
                }
            }
        }

        synchronized void remove(String topic) {
            generation++;
            drop(topic);
        }

        private void drop(String topic) {
            Pages dropped = topics.remove(topic);
            if (dropped != null) {
                dropped.parts.values().forEach(part -> bytes -= size(part));
            }
        }

        synchronized void clear() {
            generation++;
            topics.clear();
            bytes = 0;
        }

        private static long size(Part part) {
            return 128 + part.frames().stream().mapToLong(frame -> frame.length() + 48L).sum();
        }
    }
}
