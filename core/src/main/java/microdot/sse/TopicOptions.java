package microdot.sse;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.internal.Required;
import microdot.sse.log.Retention;
import org.jspecify.annotations.Nullable;

/**
 * What a topic keeps, and how it treats followers that lag. Immutable: each method with an argument
 * returns a changed copy and throws an {@link IllegalArgumentException} that names the value and
 * what was expected.
 */
public final class TopicOptions {
    /** What happens to a follower whose next event was trimmed before it was read. */
    public enum OnSlow {
        /**
         * Its stream ends, with a reconnect delay; after the reconnect the client gets a gap. A
         * client that has no id yet gets its position first, in an event named {@code checkpoint}.
         */
        DISCONNECT,
        /**
         * It gets a gap and continues with the newest event. The default: a disconnect would only
         * cause a reconnect.
         */
        SKIP,
        /**
         * It gets the newest event of each key and continues from there. Set by {@link #latestBy}.
         */
        LATEST
    }

    private static final long LONGEST_NANOS = Long.MAX_VALUE / 4;
    private static final Duration LONGEST = Duration.ofNanos(LONGEST_NANOS);

    private int keepEvents = 1024;
    private long keepBytes = 1 << 20;
    private Duration keepFor = Duration.ofMinutes(10);
    private OnSlow onSlow = OnSlow.SKIP;
    private Duration userCodeTimeout = Duration.ofSeconds(30);
    private boolean checkpoints;
    private @Nullable Duration retry;
    private @Nullable Function<Event, @Nullable String> key;
    private @Nullable Supplier<Object> snapshot;

    /** The default options. */
    public TopicOptions() {}

    private TopicOptions(TopicOptions from) {
        keepEvents = from.keepEvents;
        keepBytes = from.keepBytes;
        keepFor = from.keepFor;
        onSlow = from.onSlow;
        userCodeTimeout = from.userCodeTimeout;
        checkpoints = from.checkpoints;
        retry = from.retry;
        key = from.key;
        snapshot = from.snapshot;
    }

    /** Returns whether all values are the same; functions must be the same objects. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TopicOptions that && values().equals(that.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    private List<Object> values() {
        return Arrays.asList(
                keepEvents,
                keepBytes,
                keepFor,
                onSlow,
                userCodeTimeout,
                checkpoints,
                retry,
                key,
                snapshot);
    }

    private TopicOptions with(Consumer<TopicOptions> change) {
        var copy = new TopicOptions(this);
        change.accept(copy);
        return copy;
    }

    /**
     * Returns how many events are kept for followers that reconnect or lag; default 1,024, at least
     * 1.
     */
    public int keepEvents() {
        return keepEvents;
    }

    /** Returns a copy that keeps at most this many events, at least 1. */
    public TopicOptions keepEvents(int events) {
        if (events < 1) {
            throw new IllegalArgumentException("keepEvents: " + events + " (expected: at least 1)");
        }
        return with(copy -> copy.keepEvents = events);
    }

    /**
     * Returns how many bytes of events are kept; default 1 MiB. The newest event is kept however
     * large it is.
     */
    public long keepBytes() {
        return keepBytes;
    }

    /** Returns a copy that keeps at most this many bytes of events, at least 1. */
    public TopicOptions keepBytes(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    "keepBytes: " + bytes + " (expected: a positive number of bytes)");
        }
        return with(copy -> copy.keepBytes = bytes);
    }

    /** Returns how long events are kept; default 10 minutes. */
    public Duration keepFor() {
        return keepFor;
    }

    /** Returns a copy that keeps events this long, more than zero. */
    public TopicOptions keepFor(Duration time) {
        Required.notNull(time, "keepFor", "more than zero");
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException("keepFor: " + time + " (expected: more than zero)");
        }
        return with(copy -> copy.keepFor = time);
    }

    /** Returns what the log keeps. */
    Retention retention() {
        return new Retention(keepEvents, keepBytes, nanos(keepFor), key);
    }

    // Practically unlimited, and the difference to a clock still fits a long.
    private static long nanos(Duration time) {
        return time.compareTo(LONGEST) < 0 ? time.toNanos() : LONGEST_NANOS;
    }

    /** Returns what happens to a follower that lags; default {@link OnSlow#SKIP}. */
    public OnSlow onSlow() {
        return onSlow;
    }

    /**
     * Returns a copy with this policy for followers that lag: {@link OnSlow#DISCONNECT} or {@link
     * OnSlow#SKIP}; {@link #latestBy} sets the third.
     */
    public TopicOptions onSlow(OnSlow policy) {
        Required.notNull(policy, "onSlow", "DISCONNECT or SKIP");
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
     * Returns a copy with which a follower that lags gets the newest event of each key instead of a
     * gap: what a live dashboard needs. A new client gets the newest event of each key first. At
     * most 10,000 keys are remembered; the oldest beyond are dropped, and reported as a gap to
     * clients that lag or resume.
     *
     * @param key called for each event before it is appended, on the publisher's thread. What it
     *     throws reaches the publisher, and the event is not published. It returns the key, or null
     *     for an event that no other replaces: a follower that lags behind it gets a gap
     */
    public TopicOptions latestBy(Function<Event, @Nullable String> key) {
        Required.notNull(key, "latestBy", "a function that returns the key of an event");
        return with(
                copy -> {
                    copy.onSlow = OnSlow.LATEST;
                    copy.key = key;
                });
    }

    @Nullable Function<Event, @Nullable String> key() {
        return key;
    }

    /**
     * Sets what a new follower, or a follower with a gap, gets first: the state, sent as an event
     * named {@code snapshot}, or as the {@link Event} that the supplier returns. One result serves
     * all followers until the next event is published. A snapshot is sent before the events of the
     * stream's other topics. Change the state before its event is published, or within {@link
     * Topics#publish(String, Supplier)}; then no follower misses a change.
     *
     * <p>The supplier, and the conversion of its result to JSON, may run beside a change: return a
     * copy that was made under your own lock. A class whose methods that copy and change the state
     * are both {@code synchronized} works. A result beside which the state changed is discarded,
     * and so is what was thrown; the supplier is called again. After eight such results, the next
     * thread that calls {@link Topics#publish(String, Supplier)} for the topic runs the supplier
     * after its event, while other changes wait. What the supplier throws never reaches that
     * thread.
     *
     * <p>Otherwise the supplier runs on a virtual thread, one call at a time. The thread is
     * interrupted when the last client that waits for it has left, and after {@link
     * #userCodeTimeout()}. A supplier that throws or is overdue is logged, and the clients that
     * wait for it are disconnected. The supplier must not call {@link Topics#publish(String,
     * Supplier)}.
     */
    public TopicOptions snapshot(Supplier<Object> state) {
        Required.notNull(state, "snapshot", "a supplier of the state");
        return with(copy -> copy.snapshot = state);
    }

    @Nullable Supplier<Object> snapshot() {
        return snapshot;
    }

    /**
     * Returns how long a call of the topic's {@link #snapshot}, or of a filter ({@link
     * TopicStream#where}) for one of its events, may take; default 30 seconds. The call is
     * interrupted then, and counts as failed. A snapshot that waits for a change ({@link
     * Topics#publish(String, Supplier)}) to finish waits as long.
     */
    public Duration userCodeTimeout() {
        return userCodeTimeout;
    }

    long userCodeTimeoutNanos() {
        return nanos(userCodeTimeout);
    }

    /** Returns a copy that lets a snapshot or a filter take this long, more than zero. */
    public TopicOptions userCodeTimeout(Duration time) {
        Required.notNull(time, "userCodeTimeout", "more than zero");
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(
                    "userCodeTimeout: " + time + " (expected: more than zero)");
        }
        return with(copy -> copy.userCodeTimeout = time);
    }

    /**
     * Returns the reconnect delay that followers get when they connect; null, the default, for the
     * browser's own.
     */
    public @Nullable Duration retry() {
        return retry;
    }

    /** Returns a copy with this reconnect delay, 0 to 2,147,483,647 ms. */
    public TopicOptions retry(Duration delay) {
        Required.notNull(delay, "retry", "a duration");
        Event.of("").retry(delay);
        return with(copy -> copy.retry = delay);
    }

    /**
     * Returns whether the heartbeat of a quiet stream carries its position ({@code event:
     * checkpoint}), so that a follower that gets few events, because of a filter or beside busier
     * topics, can still resume; default false.
     */
    public boolean checkpoints() {
        return checkpoints;
    }

    /** Returns a copy with or without checkpoints in heartbeats. */
    public TopicOptions checkpoints(boolean value) {
        return with(copy -> copy.checkpoints = value);
    }
}
