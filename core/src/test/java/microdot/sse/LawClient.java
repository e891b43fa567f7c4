package microdot.sse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.ToLongFunction;
import java.util.random.RandomGenerator;
import microdot.JsonCodec;
import microdot.sse.TestFollower.TestGap;
import microdot.sse.log.EventId;
import microdot.sse.log.Frame;
import org.jspecify.annotations.Nullable;

/**
 * A client that connects, stalls, disconnects and reconnects as a browser does, with the last id
 * that it got. It records the events and the gaps that it got, and fails on the first thing out of
 * order.
 */
@SuppressWarnings("ThreadPriorityCheck") // It disturbs the scheduler on purpose.
final class LawClient {
    final List<String> followed;
    private final Topics topics;
    private final @Nullable FollowerFilter filter;
    private final Positions positions;
    private final int last;
    private final Map<String, Seen> seen = new HashMap<>();
    private @Nullable Connection connection;
    private @Nullable String lastEventId;
    private int connections;
    private @Nullable AssertionError broken;

    /**
     * @param last how many events of each topic it asks for when it has no id
     */
    LawClient(
            Topics topics,
            List<String> followed,
            @Nullable FollowerFilter filter,
            Positions positions,
            int last) {
        this.topics = topics;
        this.followed = followed;
        this.filter = filter;
        this.positions = positions;
        this.last = last;
        followed.forEach(topic -> seen.put(topic, new Seen()));
    }

    /**
     * The positions of what was published, by what a client sees of it. Waits until one is noted.
     */
    interface Positions {
        long ofId(String ownId);

        long ofData(String data);
    }

    /** What it knows of one topic. */
    static final class Seen {
        private long[] positions = new long[64];
        private int count;
        private final List<long[]> gaps = new ArrayList<>();

        /** The position after which it must have everything. */
        private long start;

        /** What it asked for begins so many events before this position. */
        private long opened;

        private boolean ended;

        /** The topic's state, where it has one; -1 before the snapshot. */
        private long state = -1;

        private long last() {
            return count == 0 ? 0 : positions[count - 1];
        }

        private void add(long position) {
            if (count == positions.length) {
                positions = Arrays.copyOf(positions, count * 2);
            }
            positions[count++] = position;
        }

        private int older() {
            return (int) Arrays.stream(positions, 0, count).filter(at -> at <= opened).count();
        }

        boolean has(long position) {
            return Arrays.binarySearch(positions, 0, count, position) >= 0;
        }

        boolean wasReported(long position) {
            return position <= start
                    || gaps.stream().anyMatch(gap -> gap[0] < position && position <= gap[1]);
        }
    }

    synchronized Seen seen(String topic) {
        return Objects.requireNonNull(seen.get(topic));
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
            if (id == null) {
                long head = topics.head();
                // A new client: events that came without an id may be sent again.
                followed.forEach(topic -> seen.put(topic, new Seen()));
                seen.values().forEach(topic -> topic.opened = head);
            }
        }
        var wish = new StartPosition.Wish(id, topics.head(), last);
        var closing = new StreamClosingFrames(topics.followers().beforeDelivery(followed, wish));
        next.sink.closingFrames(closing);
        topics.followers().follow(next.sink, followed, wish, filter, closing);
        if (id == null) {
            begunAnew(topics.head());
        }
    }

    // It connected without an id, so that nothing is known of what it had.
    private synchronized void begunAnew(long head) {
        seen.values().forEach(topic -> topic.start = head);
    }

    /** Stalls it, limits it or disconnects it at random. */
    void disturb(RandomGenerator random) {
        Connection now;
        synchronized (this) {
            now = connection;
        }
        if (now == null) {
            return;
        }
        switch (random.nextInt(9)) {
            case 6, 7 -> now.sink.loop().execute(now.sink::tick);
            case 8 -> now.closeAtTimes(random);
            case 0 -> now.sink.stall();
            case 1 -> now.sink.takeOnly(1 + random.nextInt(500));
            case 2 -> now.sink.room(1 + random.nextInt(300));
            case 3 -> now.disconnectAfter(random.nextInt(300));
            default -> now.sink.unstall();
        }
    }

    /** Disturbs it without disconnects. */
    synchronized void stall(RandomGenerator random) {
        if (connection != null) {
            switch (random.nextInt(4)) {
                case 0 -> connection.sink.stall();
                case 1 -> connection.sink.takeOnly(1 + random.nextInt(500));
                case 2 -> connection.sink.room(1 + random.nextInt(300));
                default -> connection.sink.unstall();
            }
        }
    }

    /** Returns whether its filter accepts the event. */
    boolean wants(String data) {
        byte[] bytes = EventEncoder.encode(Event.of(data), JsonCodec.standard());
        var frame = new Frame(1, bytes, 0, bytes.length);
        return filter == null || filter.accepts(frame);
    }

    /** Ends the disturbance: it takes everything from now on. */
    void takeEverything() {
        Connection now;
        synchronized (this) {
            now = connection;
        }
        if (now != null) {
            now.sink.room(64 << 10).unstall();
        }
    }

    /**
     * Returns whether it has the last event of each topic, or a gap up to it; throws what went
     * wrong.
     *
     * @param ends the position of the last event of a topic
     */
    synchronized boolean isDone(ToLongFunction<String> ends) {
        if (broken != null) {
            throw new AssertionError(this + " " + broken.getMessage(), broken);
        }
        return followed.stream().allMatch(topic -> isDone(topic, ends.applyAsLong(topic)));
    }

    private boolean isDone(String topic, long end) {
        Seen one = Objects.requireNonNull(seen.get(topic));
        return one.ended || one.wasReported(end);
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
        var text = new StringBuilder("client of " + followed + ", connection " + connections);
        text.append(", last id ").append(lastEventId);
        seen.forEach(
                (name, one) ->
                        text.append(", " + name + " up to " + one.last())
                                .append(
                                        one.gaps.isEmpty()
                                                ? ""
                                                : " gap to " + one.gaps.getLast()[1]));
        return text.toString();
    }

    private final class Connection {
        private final FakeSink sink;
        private final EventParser parser = new EventParser(this::got);
        private long left = Long.MAX_VALUE;
        private long last;

        Connection(Executor loop) {
            sink = new FakeSink(loop, this::read);
            if (connections % 2 == 0) {
                sink.onLoop(); // The other way to begin.
            }
        }

        void disconnectAfter(long bytes) {
            boolean now;
            synchronized (LawClient.this) {
                left = bytes;
                now = bytes == 0;
            }
            if (now) {
                sink.disconnect();
            }
        }

        private void closeAtTimes(RandomGenerator random) {
            if (random.nextInt(10) == 0) {
                sink.loop().execute(sink::close);
            }
        }

        /** Like a socket, it may break in the middle of the bytes. */
        private void read(byte[] bytes) {
            Thread.yield();
            boolean disconnects;
            synchronized (LawClient.this) {
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

        private void got(Event event) {
            if ("gap".equals(event.event())) {
                gap(TestGap.of(event));
            } else if (!"checkpoint".equals(event.event())) {
                String[] words = String.valueOf(event.data()).split(" ", -1);
                Seen topic = Objects.requireNonNull(seen.get(words[0]));
                if ("snapshot".equals(event.event())) {
                    check(Long.parseLong(words[1]) >= topic.state, "older state: " + event);
                    topic.state = Long.parseLong(words[1]);
                    topic.ended |= words[2].equals("end");
                } else {
                    event(topic, event, words);
                }
            }
        }

        private void event(Seen topic, Event event, String[] words) {
            long position =
                    event.id() == null
                            ? positions.ofData(String.valueOf(event.data()))
                            : position(event.id());
            check(position > last, "out of order behind " + last + ": " + event);
            last = position;
            if (words[0].startsWith("state")) {
                state(topic, Long.parseLong(words[1]), event);
            } else {
                check(position > topic.last(), "came again: " + event);
            }
            if (position > topic.last()) {
                topic.add(position);
            }
            // The newest event of each key comes first, without having been asked for.
            boolean asked = words[0].equals("keys") || topic.older() <= LawClient.this.last;
            check(asked, "not asked for: " + event);
            topic.ended |= words[2].equals("end");
        }

        /** No event may be in the snapshot already. */
        private void state(Seen topic, long value, Event event) {
            check(topic.state >= 0, "no snapshot before " + event);
            check(
                    value <= topic.state + 1,
                    "events are missing after " + topic.state + ": " + event);
            check(value == topic.state + 1, "twice, in " + topic.state + ": " + event);
            topic.state = Math.max(topic.state, value);
        }

        private void gap(TestGap gap) {
            Seen topic = Objects.requireNonNull(seen.get(gap.topic()));
            long from = gap.from() == null ? 0 : position(gap.from());
            long to = position(gap.to());
            check(from < to, "an empty gap: " + gap);
            check(from <= Math.max(topic.last(), Math.max(topic.start, last(gap))), "gap " + gap);
            topic.gaps.add(new long[] {from, to});
        }

        // The other topics' ids, or an earlier gap, may have moved its position further.
        private long last(TestGap gap) {
            return lastEventId == null ? Long.MAX_VALUE : Math.max(last, position(gap.from()));
        }

        private long position(@Nullable String id) {
            EventId parsed = id == null ? null : EventId.parse(id);
            if (id != null && parsed == null) {
                return positions.ofId(id);
            }
            check(parsed != null, "not an id: " + id);
            return parsed == null ? 0 : parsed.position();
        }

        private static void check(boolean right, String wrong) {
            if (!right) {
                throw new AssertionError(wrong);
            }
        }
    }
}
