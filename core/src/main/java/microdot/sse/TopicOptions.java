package microdot.sse;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a topic keeps, and how it treats followers that lag. Immutable: each method with an argument
 * returns a changed copy and throws an {@link IllegalArgumentException} that names what came and
 * what was expected.
 */
public final class TopicOptions implements Cloneable {
    /** What becomes of a follower that has fallen behind what the topic keeps. */
    public enum OnSlow {
        /**
         * Its stream ends, with a time to reconnect; on its return it is told the gap. One that got
         * no event yet is told where it stands, by an event named {@code checkpoint}.
         */
        DISCONNECT,
        /**
         * It is told the gap and goes on with the newest. The default: a cut would only come back
         * as a reconnect.
         */
        SKIP,
        /**
         * It gets the newest event of each key and goes on from there. Set by {@link #latestBy}.
         */
        LATEST
    }

    private static final long LONGEST = Long.MAX_VALUE / 4;
    private static final Duration FOR_EVER = Duration.ofNanos(LONGEST);

    private int keepEvents = 1024;
    private long keepBytes = 1 << 20;
    private Duration keepFor = Duration.ofMinutes(10);
    private long keepNanos = keepFor.toNanos();
    private OnSlow onSlow = OnSlow.SKIP;
    private boolean checkpoints;
    private @Nullable Duration retry;
    private @Nullable Function<Event, @Nullable Object> key;
    private @Nullable Supplier<Object> snapshot;

    /** How many events are kept for those that come back or lag; default 1,024, at least 1. */
    public int keepEvents() {
        return keepEvents;
    }

    public TopicOptions keepEvents(int events) {
        if (events < 1) {
            throw new IllegalArgumentException("keepEvents: " + events + " (expected: at least 1)");
        }
        return with(copy -> copy.keepEvents = events);
    }

    /**
     * How many bytes of events are kept; default 1 MiB. The newest event is kept however large it
     * is.
     */
    public long keepBytes() {
        return keepBytes;
    }

    public TopicOptions keepBytes(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    "keepBytes: " + bytes + " (expected: a positive number of bytes)");
        }
        return with(copy -> copy.keepBytes = bytes);
    }

    /** How long events are kept; default 10 minutes. */
    public Duration keepFor() {
        return keepFor;
    }

    public TopicOptions keepFor(Duration time) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException("keepFor: " + time + " (expected: more than zero)");
        }
        return with(
                copy -> {
                    copy.keepFor = time;
                    copy.keepNanos = time.compareTo(FOR_EVER) < 0 ? time.toNanos() : LONGEST;
                });
    }

    /** The same in nanoseconds, as far as their difference to a clock's can be told. */
    long keepNanos() {
        return keepNanos;
    }

    /** What becomes of a follower that has fallen behind; default {@link OnSlow#SKIP}. */
    public OnSlow onSlow() {
        return onSlow;
    }

    /** {@link OnSlow#DISCONNECT} or {@link OnSlow#SKIP}; for the third see {@link #latestBy}. */
    public TopicOptions onSlow(OnSlow policy) {
        if (policy == OnSlow.LATEST) {
            throw new IllegalArgumentException(
                    "onSlow: LATEST (expected: latestBy, which names the key)");
        }
        return with(
                copy -> {
                    copy.onSlow = policy;
                    copy.key = null;
                });
    }

    /**
     * A follower that has fallen behind gets the newest event of each key instead of a gap: what a
     * live dashboard wants. At most 10,000 keys are remembered; the oldest beyond are dropped, and
     * told as a gap.
     *
     * @param key called for each event when it is published, on the publisher's thread; gives a
     *     value such as a String or a record of some; null for an event that none replaces: who
     *     falls behind it is told a gap
     */
    public TopicOptions latestBy(Function<Event, @Nullable Object> key) {
        return with(
                copy -> {
                    copy.onSlow = OnSlow.LATEST;
                    copy.key = key;
                });
    }

    @Nullable Function<Event, @Nullable Object> key() {
        return key;
    }

    /**
     * What a new follower, or one with a gap, gets first: the state, sent as an event named {@code
     * snapshot}, or as the {@link Event} that the supplier returns. Runs on a virtual thread, one
     * at a time; one result serves all who come until the next event is published. It goes out
     * ahead of the events of the stream's other topics. Change the state before its event is
     * published, or within {@link Topics#publish(String, Supplier)}, and no follower has a hole.
     */
    public TopicOptions snapshot(Supplier<Object> state) {
        return with(copy -> copy.snapshot = state);
    }

    @Nullable Supplier<Object> snapshot() {
        return snapshot;
    }

    /**
     * The time to reconnect that followers are told when they come; null, the default, for the
     * browser's own.
     */
    public @Nullable Duration retry() {
        return retry;
    }

    public TopicOptions retry(Duration time) {
        Event.of("").retry(time);
        return with(copy -> copy.retry = time);
    }

    /**
     * Whether the heartbeat of a quiet stream carries its position forward ({@code event:
     * checkpoint}), so that a follower that sees little, by a filter or beside busier topics, can
     * still resume; default false.
     */
    public boolean checkpoints() {
        return checkpoints;
    }

    public TopicOptions checkpoints(boolean value) {
        return with(copy -> copy.checkpoints = value);
    }

    private TopicOptions with(Consumer<TopicOptions> change) {
        try {
            var copy = (TopicOptions) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }
}
