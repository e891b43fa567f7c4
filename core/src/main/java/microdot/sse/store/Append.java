package microdot.sse.store;

import java.util.List;
import java.util.OptionalLong;
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
 */
public record Append(
        List<Entry> entries, OptionalLong expectedLast, @Nullable String idempotencyKey) {
    /** How long an idempotency key is known, in seconds: 120. */
    public static final int REPEAT_SECONDS = 120;

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException when there is no entry
     */
    public Append {
        entries = List.copyOf(entries);
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("entries: none (expected: at least one)");
        }
    }

    /** Appends one entry, whatever comes before it. */
    public static Append of(Entry entry) {
        return new Append(List.of(entry), OptionalLong.empty(), null);
    }
}
