package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import microdot.JsonCodec;
import microdot.sse.Event;
import microdot.sse.Table;
import org.jspecify.annotations.Nullable;

/** A table whose rows are put and removed at random, and what its followers have of it. */
final class LawTable {
    private static final int KEYS = 60;
    private static final String END = "end";

    private final Table table;
    private int puts;

    LawTable(Table table) {
        this.table = table;
    }

    String name() {
        return table.name();
    }

    synchronized void change(RandomGenerator random) {
        String key = "k" + random.nextInt(KEYS);
        if (random.nextInt(4) == 0) {
            table.remove(key);
        } else {
            table.put(key, ++puts + " " + "x".repeat(random.nextInt(600)));
        }
    }

    /** Changes the table for the last time. */
    synchronized void end() {
        table.put(END, ++puts + "");
    }

    static boolean isOfTable(Event event) {
        String name = String.valueOf(event.event());
        return name.equals("put")
                || name.equals("remove")
                || (name.equals("snapshot") && event.data().toString().startsWith("{\"table\""));
    }

    static Map<?, ?> data(Event event) {
        return JsonCodec.standard().decode(event.data().toString().getBytes(UTF_8), Map.class);
    }

    /** The rows of one follower. */
    static final class Rows {
        private final LawTable of;
        private final Map<Object, Object> rows = new HashMap<>();
        private int part; // Of the snapshot that has begun; 0 when there is none.
        private boolean
                known; // False before the first snapshot, and from a gap up to the next one.
        private long snapshots;

        Rows(LawTable of) {
            this.of = of;
        }

        void gap() {
            known = false;
            part = 0;
        }

        long snapshots() {
            return snapshots;
        }

        /** Returns what is wrong with the event; null if nothing is. */
        @Nullable String apply(Event event, Map<?, ?> data) {
            return "snapshot".equals(event.event()) ? snapshot(data) : change(event, data);
        }

        private @Nullable String snapshot(Map<?, ?> data) {
            int next = (int) data.get("part");
            if (next == 1) {
                rows.clear();
                known = false;
            } else if (next != part + 1) {
                return "part " + next + " of a snapshot after " + part;
            }
            rows.putAll((Map<?, ?>) data.get("rows"));
            boolean last = data.get("of").equals(next);
            part = last ? 0 : next;
            known |= last;
            snapshots += last ? 1 : 0;
            return null;
        }

        private @Nullable String change(Event event, Map<?, ?> data) {
            if (!known) {
                return "a change without a snapshot before it";
            }
            Object key = data.get("key");
            Object value = data.get("value");
            Object before = value == null ? rows.remove(key) : rows.put(key, value);
            boolean older = before != null && value != null && puts(value) <= puts(before);
            return older ? "not newer than " + before : null;
        }

        private static int puts(Object value) {
            return Integer.parseInt(value.toString().split(" ", 2)[0]);
        }

        boolean isDone() {
            return known && rows.containsKey(END) && rows.equals(of.table.rows());
        }

        @Override
        public String toString() {
            return rows.size() + " rows" + (known ? "" : ", in doubt");
        }
    }
}
