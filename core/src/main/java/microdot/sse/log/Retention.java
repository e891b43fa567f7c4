package microdot.sse.log;

import org.jspecify.annotations.Nullable;

/**
 * What a log keeps.
 *
 * @param events how many events at most
 * @param bytes how many bytes of events at most; the newest event is kept however large it is
 * @param nanos how long, in nanoseconds
 * @param keyedBy the function that gives events their keys, compared only by {@code equals}; null
 *     when the log does not remember the newest event of each key
 */
public record Retention(int events, long bytes, long nanos, @Nullable Object keyedBy) {}
