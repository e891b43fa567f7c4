package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * How many {@link Runs} there may be, what is kept of them, and when they end. Immutable: each
 * method with an argument returns a changed copy and throws an {@link IllegalArgumentException}
 * that names the value and what was expected.
 */
public final class RunOptions {
    /** What happens to a run that clients have followed and that no client follows any more. */
    public static final class WhenNobodyFollows {
        /** The run continues. The default. */
        public static final WhenNobodyFollows CONTINUE = new WhenNobodyFollows(-1, "CONTINUE");

        /** The run is stopped after 2 seconds, so that a page can be refreshed. */
        public static final WhenNobodyFollows STOP = stopAfter(Duration.ofSeconds(2));

        private final long nanos;
        private final String text;

        private WhenNobodyFollows(long nanos, String text) {
            this.nanos = nanos;
            this.text = text;
        }

        /** The run is stopped when no client has followed it for this time, more than zero. */
        public static WhenNobodyFollows stopAfter(Duration time) {
            checkTime("stopAfter", time);
            return new WhenNobodyFollows(nanosOf(time), "stopAfter(" + time + ")");
        }

        /** Returns a negative number for no limit. */
        long nanos() {
            return nanos;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final Logger LOG = System.getLogger("microdot.sse");
    private static final int LONGEST_TEXT = 1000;
    private static final long LONGEST_NANOS = Long.MAX_VALUE / 4;

    private int maxRunning = 100;
    private long maxBytes = 1 << 20;
    private Duration keepFor = Duration.ofMinutes(10);
    private WhenNobodyFollows whenNobodyFollows = WhenNobodyFollows.CONTINUE;
    private Function<Throwable, String> errorText = failure -> RunEnd.FAILED.text();
    private @Nullable RunLastEvents lastEvents;

    /** The default options. */
    public RunOptions() {}

    private RunOptions with(Consumer<RunOptions> change) {
        var copy = new RunOptions();
        copy.maxRunning = maxRunning;
        copy.maxBytes = maxBytes;
        copy.keepFor = keepFor;
        copy.whenNobodyFollows = whenNobodyFollows;
        copy.errorText = errorText;
        copy.lastEvents = lastEvents;
        change.accept(copy);
        return copy;
    }

    private static void checkTime(String name, Duration time) {
        Required.notNull(time, name, "more than zero");
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(name + ": " + time + " (expected: more than zero)");
        }
    }

    // Practically unlimited, and the difference to a clock still fits a long.
    private static long nanosOf(Duration time) {
        return time.compareTo(Duration.ofNanos(LONGEST_NANOS)) < 0 ? time.toNanos() : LONGEST_NANOS;
    }

    /** Returns how many handlers of runs may run at the same time; default 100. */
    public int maxRunning() {
        return maxRunning;
    }

    /** Returns a copy in which at most this many handlers run at the same time, at least 1. */
    public RunOptions maxRunning(int runs) {
        if (runs < 1) {
            throw new IllegalArgumentException("maxRunning: " + runs + " (expected: at least 1)");
        }
        return with(copy -> copy.maxRunning = runs);
    }

    /**
     * Returns how many bytes the events of one run may take, with their names and ids; default 1
     * MiB. A run that would take more is stopped, and its clients are sent {@code event:
     * run-stopped} with the data {@code too-large}.
     */
    public long maxBytes() {
        return maxBytes;
    }

    /** Returns a copy in which the events of one run take at most this many bytes, at least 1. */
    public RunOptions maxBytes(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    "maxBytes: " + bytes + " (expected: a positive number of bytes)");
        }
        return with(copy -> copy.maxBytes = bytes);
    }

    /**
     * Returns how long a run is kept after its end, for clients that connect later; default 10
     * minutes.
     */
    public Duration keepFor() {
        return keepFor;
    }

    /** Returns a copy that keeps a run this long after its end, more than zero. */
    public RunOptions keepFor(Duration time) {
        checkTime("keepFor", time);
        return with(copy -> copy.keepFor = time);
    }

    long keepForNanos() {
        return nanosOf(keepFor);
    }

    /**
     * Returns what happens when no client follows a run any more. It has no effect before the first
     * client follows. Default: the run continues.
     */
    public WhenNobodyFollows whenNobodyFollows() {
        return whenNobodyFollows;
    }

    /** Returns a copy that does this when no client follows a run any more. */
    public RunOptions whenNobodyFollows(WhenNobodyFollows then) {
        Required.notNull(then, "whenNobodyFollows", "CONTINUE, STOP or stopAfter(Duration)");
        return with(copy -> copy.whenNobodyFollows = then);
    }

    /**
     * Returns a copy with the text that clients get when a handler fails, as the data of {@code
     * event: run-error}; default {@code The run failed.} It must not contain secrets: clients see
     * it. Only its first 1,000 characters are sent.
     *
     * @param text returns the text for what the handler threw
     */
    public RunOptions errorText(Function<Throwable, String> text) {
        Required.notNull(text, "errorText", "a function that returns a text");
        return with(copy -> copy.errorText = text);
    }

    /**
     * Returns a copy in which runs end with these events, for clients that wait for an event of
     * their own protocol. They replace {@code run-error}, {@code run-stopped} and the {@code
     * checkpoint}, and each client gets them after all events of the run. The last one has an id.
     * With that id, a client whose {@code Accept} names {@code text/event-stream} gets 204; others
     * get the events again, without an id. Default: none.
     *
     * <p>The function is called at once for each {@link RunEnd}, and on the thread of a run that
     * has failed. What it throws at once, this method throws; later, it is logged, and clients get
     * the events of the default text. They also get those if the memory that the topics have for
     * runs has no room for the others.
     *
     * @param events returns one event or more, without ids and at most 16 KiB together, for an end;
     *     the text is that of {@link #errorText} after a failure, otherwise the one that {@link
     *     Runs} names
     * @throws IllegalArgumentException when the events of an end are not such
     */
    public RunOptions lastEvents(BiFunction<RunEnd, String, List<Event>> events) {
        Required.notNull(events, "lastEvents", "a function that returns events");
        var last = new RunLastEvents(events);
        return with(copy -> copy.lastEvents = last);
    }

    @Nullable RunLastEvents lastEvents() {
        return lastEvents;
    }

    /** Returns the text for a failure; if the function fails, the default. */
    String errorText(Throwable failure, Object run) {
        try {
            String text = errorText.apply(failure);
            if (text.length() <= LONGEST_TEXT) {
                return text;
            }
            boolean inPair = Character.isHighSurrogate(text.charAt(LONGEST_TEXT - 1));
            return text.substring(0, inPair ? LONGEST_TEXT - 1 : LONGEST_TEXT);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "the errorText of " + run + " failed; the default was sent", e);
            return RunEnd.FAILED.text();
        }
    }
}
