package microdot.sse.store;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * What is appended as one step.
 *
 * @param entries at least one
 * @param expectedLast the position that the newest entry of the first entry's topic must have; 0
 *     when the topic must have none; empty when it does not matter
 * @param idempotencyKey of a publisher that may repeat itself: a second append with the same key
 *     within {@link #REPEAT_SECONDS} appends nothing and completes with the positions of the first;
 *     null for none
 * @param endLasts when the newest entry of the first entry's topic is an end that is younger than
 *     this, nothing is appended, and the append fails with an {@link EndedException}; null when it
 *     does not matter
 * @param timeout how long the append may take before it fails, while the engine cannot be reached
 *     too; null for the store's own time
 */
public record Append(
        List<Entry> entries,
        OptionalLong expectedLast,
        @Nullable String idempotencyKey,
        @Nullable Duration endLasts,
        @Nullable Duration timeout) {
    /** How long an idempotency key is known, in seconds: 120. */
    public static final int REPEAT_SECONDS = 120;

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException when there is no entry
     */
    public Append {
        entries = List.copyOf(Required.notNull(entries, "entries", "at least one"));
        Required.notNull(expectedLast, "expectedLast", "a position, or OptionalLong.empty()");
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("entries: none (expected: at least one)");
        }
    }

    /** Whether or not the topic has ended, within the store's own time. */
    public Append(List<Entry> entries, OptionalLong expectedLast, @Nullable String idempotencyKey) {
        this(entries, expectedLast, idempotencyKey, null, null);
    }

    /** Appends one entry, whatever comes before it. */
    public static Append of(Entry entry) {
        Required.notNull(entry, "entry", "what to append");
        return new Append(List.of(entry), OptionalLong.empty(), null);
    }

    /** Returns this append as one that an end of its topic refuses. */
    public Append unlessEnded(Duration lasting) {
        Required.notNull(lasting, "lasting", "how long an end lasts");
        return new Append(entries, expectedLast, idempotencyKey, lasting, timeout);
    }

    /** Returns this append as one that may take so long. */
    public Append within(Duration longest) {
        Required.notNull(longest, "longest", "how long it may take");
        return new Append(entries, expectedLast, idempotencyKey, endLasts, longest);
    }
}
