package microdot.netty;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;

/**
 * A topic whose events are numbered from 1 in the order of publishing, and a record of what was
 * published. The data of an event is the topic, its number, its key and some filling. Thread-safe
 * for publishers.
 */
final class LawTopic {
    final String name;
    final boolean hasSnapshot;
    final boolean isKeyed;
    final boolean closes;
    private final boolean isRemovedNowAndThen;
    private final Topics topics;
    private long[] positions = new long[1024];
    private int[] keys = new int[1024];
    private int count;
    private boolean closed;

    /** The number of the event that changed the snapshot last. */
    private volatile int snapshot;

    private static final int END = 0;

    /** Events of this key have none: nothing replaces them. */
    private static final int NO_KEY = 7;

    private static final int KEYS = 7;

    LawTopic(Topics topics, String name, TopicOptions options, String kind) {
        this.topics = topics;
        this.name = name;
        this.hasSnapshot = kind.equals("snapshot");
        this.isKeyed = kind.equals("keys");
        this.closes = kind.equals("closes");
        this.isRemovedNowAndThen = kind.equals("removed");
        TopicOptions more = hasSnapshot ? options.snapshot(() -> name + " " + snapshot) : options;
        if (isRemovedNowAndThen) {
            topics.options(name, more); // By prefix: its own would be removed with it.
        } else {
            topics.topic(name, isKeyed ? more.latestBy(LawTopic::key) : more);
        }
    }

    private static @Nullable String key(Event event) {
        String key = event.data().toString().split(" ", 4)[2];
        return key.equals("" + NO_KEY) ? null : "key " + key;
    }

    /** Returns whether a newer event of the key replaces an older one. */
    boolean replaces(int key) {
        return isKeyed && key != NO_KEY;
    }

    void publish(RandomGenerator random) {
        if (closes && random.nextInt(100) == 0) {
            end();
            return;
        }
        if (isRemovedNowAndThen && random.nextInt(15) == 0) {
            topics.remove(name);
        }
        int length = random.nextInt(100) == 0 ? 20_000 : 10 + random.nextInt(1500);
        publish(1 + random.nextInt(KEYS), "x".repeat(length));
    }

    /** Publishes the last event, which passes every filter, and closes a topic that closes. */
    void end() {
        publish(END, "end");
    }

    private synchronized void publish(int key, String more) {
        if (closed) {
            return;
        }
        closed = closes && key == END;
        int number = count + 1;
        String data = name + " " + number + " " + key + " " + more;
        String id = closed ? topics.topic(name).close(data) : numbered(number, data);
        if (number == positions.length) {
            positions = Arrays.copyOf(positions, number * 2);
            keys = Arrays.copyOf(keys, number * 2);
        }
        positions[number] = position(id);
        keys[number] = key;
        count = number;
    }

    private String numbered(int number, String data) {
        return hasSnapshot
                ? topics.publish(name, () -> change(number, data))
                : topics.publish(name, data);
    }

    private String change(int number, String data) {
        snapshot = number;
        return data;
    }

    static long position(String id) {
        // It ends in an s while the client's snapshots are of a later position.
        int end = id.endsWith("s") ? id.length() - 1 : id.length();
        return Long.parseLong(id.substring(id.indexOf('-') + 1, end));
    }

    /** Returns whether an event passes the filter. */
    static boolean passes(int number, int key) {
        return key == END || number % 3 != 0;
    }

    /** Returns whether the filter fails on an event, so that a gap takes its place. */
    static boolean fails(int number, int key) {
        return key != END && number % 11 == 5;
    }

    /** Returns the position of an event that was received; waits until its publisher noted it. */
    synchronized long awaitPosition(int number) {
        return positions[number];
    }

    /** Returns whether a client with this position has everything and the end. */
    synchronized boolean isOver(long position) {
        return closed && position > positions[count];
    }

    // ---- When nothing more is published ----

    int count() {
        return count;
    }

    long position(int number) {
        return positions[number];
    }

    int key(int number) {
        return keys[number];
    }

    int keys() {
        return KEYS + 1;
    }

    /** Returns how many events have a position in (from, to]. */
    int between(long from, long to) {
        return upTo(to) - upTo(from);
    }

    private int upTo(long position) {
        int at = Arrays.binarySearch(positions, 1, count + 1, position);
        return at >= 0 ? at : -at - 2;
    }
}
