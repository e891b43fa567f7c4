package microdot.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import microdot.sse.store.Entry;
import microdot.sse.store.Page;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/** Reads what the server answers: lists of numbers, bytes and lists. */
final class Replies {
    private Replies() {}

    /**
     * An element of the spine.
     *
     * @param stored null for a marker, where positions jump
     * @param from which node appended it, and its counter; of a marker empty
     * @param previous of a marker: the position before it, markers included
     * @param epoch that begins with a marker; null for none
     */
    record SpineEntry(
            long position,
            @Nullable StoredEntry stored,
            String from,
            long previous,
            @Nullable StoreEpoch epoch) {}

    static long number(@Nullable Object value) {
        return value instanceof Long number ? number : Long.parseLong(text(value));
    }

    static String text(@Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        throw new StoreException(
                "Redis: answered "
                        + (value == null ? "nothing" : value.getClass().getSimpleName())
                        + " (expected: bytes; is another application using the keys of this"
                        + " namespace?)");
    }

    static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    static List<StoreEpoch> epochs(@Nullable Object value) {
        var epochs = new ArrayList<StoreEpoch>();
        for (Object each : list(value)) {
            String[] parts = text(each).split(" ", -1);
            epochs.add(
                    new StoreEpoch(parts[0], Long.parseLong(parts[1]), Long.parseLong(parts[2])));
        }
        return epochs;
    }

    static List<StoredEntry> ends(@Nullable Object value) {
        List<?> flat = list(value);
        var ends = new ArrayList<StoredEntry>();
        for (int i = 0; i + 1 < flat.size(); i += 2) {
            String[] parts = text(flat.get(i + 1)).split(" ", -1);
            ends.add(
                    new StoredEntry(
                            Long.parseLong(parts[0]),
                            Long.parseLong(parts[1]),
                            Entry.close(text(flat.get(i)))));
        }
        ends.sort((a, b) -> Long.compare(a.position(), b.position()));
        return ends;
    }

    /** Reads floor, more and entries. */
    static Page page(String topic, List<?> reply) {
        var entries = new ArrayList<StoredEntry>();
        for (Object each : list(reply.get(2))) {
            List<?> pair = list(each);
            Fields fields = new Fields(list(pair.get(1)));
            entries.add(fields.stored(position(pair.get(0)), topic));
        }
        return new Page(number(reply.get(0)), entries, number(reply.get(1)) == 1);
    }

    /** Reads what XRANGE answers for the spine. */
    static List<SpineEntry> spine(@Nullable Object reply) {
        var entries = new ArrayList<SpineEntry>();
        for (Object each : list(reply)) {
            List<?> pair = list(each);
            long position = position(pair.get(0));
            Fields fields = new Fields(list(pair.get(1)));
            entries.add(fields.kind == 0 ? fields.marker(position) : fields.entry(position));
        }
        return entries;
    }

    private static long position(@Nullable Object id) {
        String text = text(id);
        return Long.parseLong(text.substring(0, text.indexOf('-')));
    }

    /** The fields of one element of a stream. */
    private static final class Fields {
        int kind;
        private @Nullable String topic;
        private @Nullable String key;
        private @Nullable String id;
        private @Nullable String epoch;
        private String from = "";
        private long row;
        private long time;
        private long previous;
        private long end;
        private byte[] data = {};

        Fields(List<?> flat) {
            for (int i = 0; i + 1 < flat.size(); i += 2) {
                Object value = flat.get(i + 1);
                switch (text(flat.get(i))) {
                    case "entry" -> head(text(value));
                    case "key" -> key = text(value);
                    case "id" -> id = text(value);
                    case "row" -> row = number(value);
                    case "data" -> data = value instanceof byte[] bytes ? bytes : data;
                    case "prev" -> previous = number(value);
                    case "epoch" -> epoch = text(value);
                    case "end" -> end = number(value);
                    default -> {
                        // Written by a newer version of the same format.
                    }
                }
            }
        }

        // Kind and time, in the spine also the node with its counter, and the topic.
        private void head(String text) {
            kind = text.charAt(0) - '0';
            if (text.length() < 3) {
                return;
            }
            int end = text.indexOf(' ', 2);
            time = Long.parseLong(text, 2, end < 0 ? text.length() : end, 10);
            if (end >= 0) {
                int next = text.indexOf(' ', end + 1);
                from = text.substring(end + 1, next);
                topic = text.substring(next + 1);
            }
        }

        StoredEntry stored(long position, String ofTopic) {
            return new StoredEntry(
                    position, time, new Entry(Entry.Kind.of(kind), ofTopic, key, id, row, data));
        }

        SpineEntry entry(long position) {
            String known = topic;
            if (known == null) {
                throw new StoreException(
                        "Redis: an entry of the spine has no topic (expected: entries of this"
                                + " store only)");
            }
            return new SpineEntry(position, stored(position, known), from, 0, null);
        }

        SpineEntry marker(long position) {
            String name = epoch;
            return new SpineEntry(
                    position,
                    null,
                    "",
                    previous,
                    name == null ? null : new StoreEpoch(name, end, position + 1));
        }
    }
}
