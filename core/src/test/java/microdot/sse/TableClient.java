package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import microdot.JsonCodec;
import microdot.sse.log.EventId;
import org.jspecify.annotations.Nullable;

/**
 * A client that applies what it gets of tables to maps, as a page does. It stalls, disconnects and
 * reconnects with the last id that it got, and fails on the first event that is out of order or
 * takes a row back. The values of rows are numbers that only rise.
 */
final class TableClient {
    private final Topics topics;
    private final List<String> followed;
    private final Map<String, Map<String, Object>> tables = new HashMap<>();
    private final Map<String, Long> newest = new HashMap<>();
    private @Nullable Connection connection;
    private @Nullable String lastEventId;
    private int connections;
    private int snapshots;
    private @Nullable AssertionError broken;

    TableClient(Topics topics, List<String> followed) {
        this.topics = topics;
        this.followed = followed;
    }

    /** Connects when it is not connected. On a thread that may block. */
    void connect(Executor loop) {
        Connection next;
        String id;
        synchronized (this) {
            if (connection != null && connection.sink.isOpen()) {
                return;
            }
            connection = new Connection(loop);
            next = connection;
            id = lastEventId;
            connections++;
        }
        var wish = new StartPosition.Wish(id, topics.head(), 0);
        var closing = new StreamClosingFrames(topics.followers().beforeDelivery(followed, wish));
        next.sink.closingFrames(closing);
        topics.followers().follow(next.sink, followed, wish, null, closing);
    }

    /**
     * Stalls it, limits it, disconnects it or lets it forget its id, as a page that is reloaded.
     */
    void disturb(RandomGenerator random) {
        Connection now;
        synchronized (this) {
            now = connection;
        }
        if (now == null) {
            return;
        }
        switch (random.nextInt(12)) {
            case 0, 1 -> now.sink.stall();
            case 2 -> now.sink.takeOnly(1 + random.nextInt(2000));
            case 3 -> now.sink.room(1 + random.nextInt(300));
            case 4, 5 -> now.disconnectAfter(random.nextInt(random.nextInt(5) == 0 ? 90_000 : 500));
            case 6 -> now.sink.loop().execute(now.sink::tick);
            case 7 -> now.closeAtTimes(random);
            case 8 -> reloadAtTimes(random, now);
            default -> now.sink.unstall();
        }
    }

    private void reloadAtTimes(RandomGenerator random, Connection now) {
        if (random.nextInt(6) == 0) {
            now.sink.disconnect();
            synchronized (this) {
                connection = null;
                lastEventId = null;
                tables.clear();
            }
        }
    }

    void takeEverything() {
        Connection now;
        synchronized (this) {
            now = connection;
        }
        if (now != null) {
            now.sink.room(64 << 10).unstall();
        }
    }

    /** Returns whether its rows are those; throws what went wrong. */
    synchronized boolean has(String table, Map<String, Object> rows) {
        if (broken != null) {
            throw new AssertionError(this + " " + broken.getMessage(), broken);
        }
        return !followed.contains(table) || rows.equals(tables.getOrDefault(table, Map.of()));
    }

    synchronized int snapshots() {
        return snapshots;
    }

    void close() {
        Connection now;
        synchronized (this) {
            now = connection;
        }
        if (now != null) {
            now.sink.disconnect();
        }
    }

    @Override
    public synchronized String toString() {
        var sizes = new HashMap<String, Integer>();
        tables.forEach((name, rows) -> sizes.put(name, rows.size()));
        return "client of "
                + followed
                + ", connection "
                + connections
                + ", last id "
                + lastEventId
                + ", rows "
                + sizes;
    }

    private final class Connection {
        private final FakeSink sink;
        private final EventParser parser = new EventParser(this::got);
        private long left = Long.MAX_VALUE;
        private long last;
        private int part;

        Connection(Executor loop) {
            sink = new FakeSink(loop, this::read);
            if (connections % 2 == 0) {
                sink.onLoop(); // The other way to begin.
            }
        }

        void disconnectAfter(long bytes) {
            synchronized (TableClient.this) {
                left = bytes;
            }
            if (bytes == 0) {
                sink.disconnect();
            }
        }

        void closeAtTimes(RandomGenerator random) {
            if (random.nextInt(10) == 0) {
                sink.loop().execute(sink::close);
            }
        }

        /** Like a socket, it may break in the middle of the bytes. */
        private void read(byte[] bytes) {
            boolean disconnects;
            synchronized (TableClient.this) {
                int taken = (int) Math.min(left, bytes.length);
                left -= taken;
                disconnects = left == 0;
                if (connection != this) {
                    return;
                }
                try {
                    parser.feed(bytes, 0, taken);
                } catch (AssertionError e) {
                    broken = broken == null ? e : broken;
                }
                String id = parser.lastEventId();
                if (id != null && !id.isEmpty()) {
                    moveTo(id);
                }
            }
            if (disconnects) {
                sink.disconnect();
            }
        }

        private void moveTo(String id) {
            String before = lastEventId;
            if (before != null && position(id) < position(before) && broken == null) {
                broken = new AssertionError("its id went back from " + before + " to " + id);
            }
            lastEventId = id;
        }

        private static long position(String id) {
            return Objects.requireNonNull(EventId.parse(id)).position();
        }

        private void got(Event event) {
            String name = event.event();
            if (name == null || name.equals("checkpoint") || name.startsWith("key")) {
                return;
            }
            if (name.equals("gap")) {
                return; // Of a table, its rows follow.
            }
            byte[] json = String.valueOf(event.data()).getBytes(UTF_8);
            Map<?, ?> data = JsonCodec.standard().decode(json, Map.class);
            String table = (String) Objects.requireNonNull(data.get("table"));
            switch (name) {
                case "snapshot" -> snapshot(table, data, event.id());
                case "put" -> put(table, data, event);
                case "remove" -> {
                    ordered(event);
                    rows(table).remove((String) Objects.requireNonNull(data.get("key")));
                }
                default -> throw new AssertionError("not of a table: " + event);
            }
        }

        private static Map<String, Object> rows(Map<String, Map<String, Object>> all, String name) {
            return all.computeIfAbsent(name, key -> new HashMap<>());
        }

        private Map<String, Object> rows(String table) {
            return rows(tables, table);
        }

        private void snapshot(String table, Map<?, ?> data, @Nullable String id) {
            int number = (Integer) Objects.requireNonNull(data.get("part"));
            int of = (Integer) Objects.requireNonNull(data.get("of"));
            check(number == part + 1, "part " + number + " after " + part);
            check(number == of || id == null, "an id on part " + number + " of " + of);
            part = number == of ? 0 : number;
            if (number == 1) {
                rows(table).clear();
                snapshots++;
            }
            ((Map<?, ?>) Objects.requireNonNull(data.get("rows")))
                    .forEach(
                            (key, value) -> {
                                check(sequence(value) >= seen(table, key), "older row " + key);
                                saw(table, key, value);
                                rows(table).put((String) key, value);
                            });
        }

        private void put(String table, Map<?, ?> data, Event event) {
            ordered(event);
            Object key = Objects.requireNonNull(data.get("key"));
            Object value = Objects.requireNonNull(data.get("value"));
            check(sequence(value) > seen(table, key), "twice, or older: " + event);
            saw(table, key, value);
            rows(table).put((String) key, value);
        }

        private static long sequence(Object value) {
            return Long.parseLong(((String) value).split(" ", -1)[0]);
        }

        private long seen(String table, Object key) {
            return newest.getOrDefault(table + " " + key, -1L);
        }

        private void saw(String table, Object key, Object value) {
            newest.put(table + " " + key, sequence(value));
        }

        private void ordered(Event event) {
            check(part == 0, "between two parts: " + event);
            if (event.id() != null) {
                long position = position(event.id());
                check(position > last, "out of order behind " + last + ": " + event);
                last = position;
            }
        }

        private static void check(boolean right, String wrong) {
            if (!right) {
                throw new AssertionError(wrong);
            }
        }
    }
}
