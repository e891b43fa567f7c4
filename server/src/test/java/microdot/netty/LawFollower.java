package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import microdot.JsonCodec;
import microdot.sse.Event;
import org.jspecify.annotations.Nullable;

/**
 * The events and gaps of one follower, over all its connections, and whether they are lawful: every
 * event arrives once and in order, or lies inside a gap that the follower was sent. A violation
 * that is visible at once is thrown at once. {@link #check} compares the holes with the gaps at the
 * end, when everything is known. For one thread at a time.
 */
final class LawFollower {
    final String name;
    private final Map<String, Seen> seen = new HashMap<>();
    private final Map<String, LawTable.Rows> rows = new HashMap<>();
    private final boolean filtered;
    private boolean over;
    private @Nullable String lastEventId;
    private int connections;
    private boolean startUnknown;
    private long lastPosition;
    private long gaps;
    private long failures;
    private long snapshots;

    LawFollower(String name, List<LawTopic> topics, List<LawTable> tables, boolean filtered) {
        this.name = name;
        this.filtered = filtered;
        tables.forEach(table -> rows.put(table.name(), new LawTable.Rows(table)));
        topics.forEach(topic -> seen.put(topic.name, new Seen(topic)));
    }

    /** The data of a gap event. */
    record Gap(
            String topic, @Nullable String from, String to, @Nullable Long missed, String reason) {
        static Gap of(Event event) {
            return JsonCodec.standard().decode(event.data().toString().getBytes(UTF_8), Gap.class);
        }
    }

    /** What the follower knows of one topic. */
    private static final class Seen {
        private final LawTopic topic;

        /** The number of the newest received event. */
        private int last;

        /** Ranges of smaller numbers that were not received: from, to. */
        private final List<int[]> holes = new ArrayList<>();

        private final List<Gap> gaps = new ArrayList<>();

        /** Every event after this position must be received. */
        private long start;

        /** The number in the newest snapshot; -1 before the first. */
        private int snapshot = -1;

        /** The position up to which this connection brought events or gaps. */
        private long reached;

        Seen(LawTopic topic) {
            this.topic = topic;
        }
    }

    /** Returns the id to reconnect with; null before the first event. */
    @Nullable String lastEventId() {
        return lastEventId;
    }

    long gaps() {
        return gaps;
    }

    /** Returns how many gaps took the place of an event on which the filter failed. */
    long failures() {
        return failures;
    }

    long snapshots() {
        return snapshots;
    }

    long tableSnapshots() {
        return rows.values().stream().mapToLong(LawTable.Rows::snapshots).sum();
    }

    int connections() {
        return connections;
    }

    /**
     * A stream has begun.
     *
     * @param head a position that the topics had reached; without an id, events up to there are not
     *     promised. Negative if it begins later: then the first thing that it gets shows where.
     */
    void opened(long head) {
        connections++;
        lastPosition = 0;
        startUnknown = lastEventId == null && head < 0;
        for (Seen one : seen.values()) {
            one.reached = 0;
            one.start = lastEventId == null ? (startUnknown ? Long.MAX_VALUE : head) : one.start;
        }
    }

    private void beganBefore(long position) {
        if (startUnknown) {
            startUnknown = false;
            seen.values().forEach(one -> one.start = position - 1);
        }
    }

    /** The server says that there is nothing more to come. */
    void over() {
        String id = lastEventId;
        long position = id == null ? 0 : LawTopic.position(id);
        boolean lawful =
                rows.isEmpty() && seen.values().stream().allMatch(o -> o.topic.isOver(position));
        require(lawful, "told that its topics have ended", String.valueOf(id));
        over = true;
    }

    /** Returns whether its streams end and do not begin again, once its topics have ended. */
    boolean isToEnd() {
        return rows.isEmpty() && seen.values().stream().allMatch(one -> one.topic.closes);
    }

    void got(Event event) {
        String id = event.id();
        if (id != null && !id.isEmpty()) {
            beganBefore(LawTopic.position(id));
        }
        if ("gap".equals(event.event())) {
            gap(Gap.of(event));
        } else if (LawTable.isOfTable(event)) {
            table(event);
        } else if ("checkpoint".equals(event.event())) {
            checkpoint(Objects.requireNonNull(id), event);
        } else {
            String[] words = event.data().toString().split(" ", 4);
            Seen one = Objects.requireNonNull(seen.get(words[0]));
            int number = Integer.parseInt(words[1]);
            if ("snapshot".equals(event.event())) {
                require(number >= one.snapshot, "an older snapshot than " + one.snapshot, event);
                one.snapshot = number;
                snapshots++;
            } else {
                event(one, number, Integer.parseInt(words[2]), event);
            }
        }
        // As a browser: an id counts once its event is there.
        lastEventId = id == null || id.isEmpty() ? lastEventId : id;
    }

    private void checkpoint(String id, Event event) {
        long position = LawTopic.position(id);
        require(position >= lastPosition, "the position moved backwards", event);
        if (!id.endsWith("s")) { // Else the client has snapshots of a later position.
            lastPosition = position;
        }
    }

    private void table(Event event) {
        Map<?, ?> data = LawTable.data(event);
        LawTable.Rows own = Objects.requireNonNull(rows.get(data.get("table")));
        if (!"snapshot".equals(event.event())) {
            long position = LawTopic.position(Objects.requireNonNull(event.id()));
            require(position > lastPosition, "out of order after " + lastPosition, event);
            lastPosition = position;
        }
        String wrong = own.apply(event, data);
        require(wrong == null, String.valueOf(wrong), event);
    }

    private void event(Seen one, int number, int key, Event event) {
        long position = position(one, number, event);
        require(position > lastPosition, "out of order after " + lastPosition, event);
        // The gap of an event without a key comes before the newest events of the keys.
        boolean afterGap = position > one.reached || one.topic.isKeyed;
        require(afterGap, "inside a gap up to " + one.reached, event);
        lastPosition = position;
        one.reached = Math.max(one.reached, position);
        if (one.topic.hasSnapshot) {
            changed(one, number, event);
            return;
        }
        require(number > one.last, "duplicate or out of order after " + one.last, event);
        boolean passes = LawTopic.passes(number, key) && !LawTopic.fails(number, key);
        require(!filtered || passes, "did not pass the filter", event);
        if (number > one.last + 1) {
            one.holes.add(new int[] {one.last + 1, number - 1});
        }
        one.last = number;
    }

    /** A new client begins without ids, with the newest event of each key. */
    private long position(Seen one, int number, Event event) {
        if (event.id() != null) {
            return LawTopic.position(event.id());
        }
        require(lastEventId == null, "without an id", event);
        return one.topic.awaitPosition(number);
    }

    // Also with several topics, no event may be in the snapshot already: ids before a snapshot show
    // that it is to be sent again.
    private void changed(Seen one, int number, Event event) {
        require(one.snapshot >= 0, "no snapshot before it", event);
        require(number <= one.snapshot + 1, "a hole after " + one.snapshot, event);
        require(number > one.snapshot, "duplicate, in snapshot " + one.snapshot, event);
        one.snapshot = number;
    }

    private void gap(Gap gap) {
        LawTable.Rows table = rows.get(gap.topic);
        if (table != null) {
            table.gap();
            gaps++;
            return;
        }
        Seen one = Objects.requireNonNull(seen.get(gap.topic));
        long to = LawTopic.position(gap.to);
        long from = gap.from == null ? 0 : LawTopic.position(gap.from);
        require(from < to, "empty", gap);
        // An event of a key on which the filter failed may lie within the gap of one without a key.
        boolean afterGap = from >= one.reached || one.topic.isKeyed;
        require(afterGap, "but received up to " + one.reached, gap);
        one.gaps.add(gap);
        failures += gap.reason.equals("failed") ? 1 : 0;
        one.reached = Math.max(one.reached, to);
        gaps++;
    }

    private void require(boolean lawful, String wrong, Object what) {
        if (!lawful) {
            String text = what.toString();
            throw new AssertionError(
                    this + ": " + wrong + ": " + text.substring(0, Math.min(200, text.length())));
        }
    }

    // ---- When nothing more is published ----

    /** Returns whether the end of every topic was reached. */
    boolean isDone() {
        return over
                || (!isToEnd()
                        && seen.values().stream().allMatch(LawFollower::isDone)
                        && rows.values().stream().allMatch(LawTable.Rows::isDone));
    }

    private static boolean isDone(Seen one) {
        LawTopic topic = one.topic;
        if (topic.hasSnapshot) {
            return one.snapshot == topic.count();
        }
        long end = topic.position(topic.count());
        return one.last == topic.count() || end <= one.start || new Gaps(one.gaps).has(end);
    }

    /** Compares the events that were not received with the gaps. */
    void check() {
        for (Seen one : seen.values()) {
            for (Gap gap : one.gaps) {
                check(one.topic, gap);
            }
            if (!one.topic.hasSnapshot) {
                check(one);
            }
        }
    }

    private void check(LawTopic topic, Gap gap) {
        if (gap.missed != null && gap.from != null) {
            int lost = topic.between(LawTopic.position(gap.from), LawTopic.position(gap.to));
            require(lost == gap.missed, "published there: " + lost, gap);
        }
    }

    /** From the end, so that an event is checked before the older event that it replaced. */
    private void check(Seen one) {
        LawTopic topic = one.topic;
        var covered = new Gaps(one.gaps);
        boolean[] replaced = new boolean[topic.keys()];
        int hole = one.holes.size() - 1;
        for (int number = topic.count(); number > 0; number--) {
            while (hole >= 0 && number < one.holes.get(hole)[0]) {
                hole--;
            }
            boolean has = number <= one.last && (hole < 0 || number > one.holes.get(hole)[1]);
            long position = topic.position(number);
            int key = topic.key(number);
            boolean withheld =
                    filtered && !LawTopic.passes(number, key) && !LawTopic.fails(number, key);
            if (has || covered.has(position) || withheld) {
                replaced[key] = topic.replaces(key);
            } else {
                require(
                        position <= one.start || replaced[key],
                        "missing",
                        topic.name + " " + number);
            }
        }
    }

    /** The gaps of one topic as ranges of positions that do not overlap. */
    private static final class Gaps {
        private final List<long[]> ranges = new ArrayList<>();

        Gaps(List<Gap> gaps) {
            gaps.stream()
                    .map(
                            gap ->
                                    new long[] {
                                        gap.from == null ? 0 : LawTopic.position(gap.from),
                                        LawTopic.position(gap.to)
                                    })
                    .sorted((a, b) -> Long.compare(a[0], b[0]))
                    .forEach(this::add);
        }

        private void add(long[] next) {
            long[] last = ranges.isEmpty() ? null : ranges.getLast();
            if (last != null && next[0] <= last[1]) {
                last[1] = Math.max(last[1], next[1]);
            } else {
                ranges.add(next);
            }
        }

        boolean has(long position) {
            int low = 0;
            int high = ranges.size();
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (ranges.get(middle)[1] < position) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low < ranges.size() && ranges.get(low)[0] < position;
        }
    }

    @Override
    public String toString() {
        var text = new StringBuilder(name + ", connection " + connections);
        text.append(", last id ").append(lastEventId);
        rows.forEach((table, own) -> text.append(", " + table + " " + own));
        seen.forEach(
                (topic, one) ->
                        text.append(", " + topic + " up to " + Math.max(one.last, one.snapshot)));
        return text.toString();
    }
}
