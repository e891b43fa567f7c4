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
 * What one follower got and was told, over all its connections, and whether that is lawful: every
 * event once and in order, or within a gap that it was told. What can be seen at once it throws at
 * once; holes are held against the gaps by {@link #check} at the end, when all is known. Of one
 * thread at a time.
 */
final class LawFollower {
    final String name;
    private final Map<String, Seen> seen = new HashMap<>();
    private final boolean filtered;
    private @Nullable String lastEventId;
    private int connections;
    private long lastPosition;
    private long gaps;
    private long states;

    LawFollower(String name, List<LawTopic> topics, boolean filtered) {
        this.name = name;
        this.filtered = filtered;
        topics.forEach(topic -> seen.put(topic.name, new Seen(topic)));
    }

    /** A gap as its event says it. */
    record Gap(
            String topic, @Nullable String from, String to, @Nullable Long missed, String reason) {
        static Gap of(Event event) {
            return JsonCodec.standard().decode(event.data().toString().getBytes(UTF_8), Gap.class);
        }
    }

    /** What it knows of one topic. */
    private static final class Seen {
        private final LawTopic topic;

        /** The number of the newest event that it has. */
        private int last;

        /** Stretches of numbers ahead of that one which it has not: from, to. */
        private final List<int[]> holes = new ArrayList<>();

        private final List<Gap> gaps = new ArrayList<>();

        /** It must have everything behind this position. */
        private long start;

        /** The state that it knows; -1 before it was told. */
        private int state = -1;

        /** The position of the last that came, or was told lost, by this connection. */
        private long reached;

        Seen(LawTopic topic) {
            this.topic = topic;
        }
    }

    /** What it comes back with; null when it has nothing. */
    @Nullable String lastEventId() {
        return lastEventId;
    }

    long gaps() {
        return gaps;
    }

    long states() {
        return states;
    }

    int connections() {
        return connections;
    }

    /**
     * A stream has begun.
     *
     * @param head a position that has been reached; where it came without an id, nobody could know
     *     what it had of what is up to there
     */
    void opened(long head) {
        connections++;
        lastPosition = 0;
        for (Seen one : seen.values()) {
            one.reached = 0;
            one.start = lastEventId == null ? head : one.start;
        }
    }

    void got(Event event) {
        String id = event.id();
        if ("gap".equals(event.event())) {
            gap(Gap.of(event));
        } else if ("checkpoint".equals(event.event())) {
            require(LawTopic.position(Objects.requireNonNull(id)) >= lastPosition, "back", event);
        } else {
            String[] words = event.data().toString().split(" ", 4);
            Seen one = Objects.requireNonNull(seen.get(words[0]));
            int number = Integer.parseInt(words[1]);
            if ("snapshot".equals(event.event())) {
                require(number >= one.state, "an older state than " + one.state, event);
                one.state = number;
                states++;
            } else {
                event(one, number, Integer.parseInt(words[2]), event);
            }
        }
        // As a browser: an id counts once its event is there.
        lastEventId = id == null || id.isEmpty() ? lastEventId : id;
    }

    private void event(Seen one, int number, int key, Event event) {
        long position = LawTopic.position(Objects.requireNonNull(event.id()));
        require(position > lastPosition, "out of order behind " + lastPosition, event);
        require(position > one.reached, "told as lost up to " + one.reached, event);
        lastPosition = position;
        one.reached = position;
        if (one.topic.hasState) {
            state(one, number, event);
            return;
        }
        require(number > one.last, "again, or late, behind " + one.last, event);
        require(!filtered || LawTopic.passes(number, key), "past the filter", event);
        if (number > one.last + 1) {
            one.holes.add(new int[] {one.last + 1, number - 1});
        }
        one.last = number;
    }

    // Alone, no event may be in the state already. Beside other topics, whose ids say nothing of
    // the state, a cut may bring some again.
    private void state(Seen one, int number, Event event) {
        require(one.state >= 0, "no state ahead of it", event);
        require(number <= one.state + 1, "a hole behind " + one.state, event);
        require(seen.size() > 1 || number > one.state, "twice, in " + one.state, event);
        one.state = Math.max(one.state, number);
    }

    private void gap(Gap gap) {
        Seen one = Objects.requireNonNull(seen.get(gap.topic));
        long to = LawTopic.position(gap.to);
        long from = gap.from == null ? 0 : LawTopic.position(gap.from);
        require(from < to, "empty", gap);
        require(from >= one.reached, "has come up to " + one.reached, gap);
        one.gaps.add(gap);
        one.reached = to;
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

    /** Whether it has come to the end of every topic. */
    boolean isDone() {
        return seen.values().stream().allMatch(LawFollower::isDone);
    }

    private static boolean isDone(Seen one) {
        LawTopic topic = one.topic;
        if (topic.hasState) {
            return one.state == topic.count();
        }
        long end = topic.position(topic.count());
        return one.last == topic.count() || end <= one.start || new Told(one.gaps).has(end);
    }

    /** Holds what it has not against what it was told. */
    void check() {
        for (Seen one : seen.values()) {
            for (Gap gap : one.gaps) {
                check(one.topic, gap);
            }
            if (!one.topic.hasState) {
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

    /** From the end, so that what replaces an event is looked at before it. */
    private void check(Seen one) {
        LawTopic topic = one.topic;
        var told = new Told(one.gaps);
        boolean[] replaced = new boolean[topic.keys()];
        int hole = one.holes.size() - 1;
        for (int number = topic.count(); number > 0; number--) {
            while (hole >= 0 && number < one.holes.get(hole)[0]) {
                hole--;
            }
            boolean has = number <= one.last && (hole < 0 || number > one.holes.get(hole)[1]);
            long position = topic.position(number);
            int key = topic.key(number);
            if (has || told.has(position) || (filtered && !LawTopic.passes(number, key))) {
                replaced[key] = topic.isKeyed;
            } else {
                require(
                        position <= one.start || replaced[key],
                        "has not",
                        topic.name + " " + number);
            }
        }
    }

    /** The gaps of one topic as stretches of positions, none of which overlap. */
    private static final class Told {
        private final List<long[]> stretches = new ArrayList<>();

        Told(List<Gap> gaps) {
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
            long[] last = stretches.isEmpty() ? null : stretches.getLast();
            if (last != null && next[0] <= last[1]) {
                last[1] = Math.max(last[1], next[1]);
            } else {
                stretches.add(next);
            }
        }

        boolean has(long position) {
            int low = 0;
            int high = stretches.size();
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (stretches.get(middle)[1] < position) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low < stretches.size() && stretches.get(low)[0] < position;
        }
    }

    @Override
    public String toString() {
        var text = new StringBuilder(name + ", connection " + connections);
        text.append(", last id ").append(lastEventId);
        seen.forEach(
                (topic, one) ->
                        text.append(", " + topic + " up to " + Math.max(one.last, one.state)));
        return text.toString();
    }
}
