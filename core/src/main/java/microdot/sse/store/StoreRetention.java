package microdot.sse.store;

import java.time.Duration;
import microdot.internal.Required;

/**
 * What is kept of a topic: whatever is over one of the limits may go, oldest first. The newest
 * entry stays, unless it is too old.
 *
 * @param events how many entries at most; at least 1
 * @param bytes how many bytes of {@link Entry#bytes} at most; at least 1
 * @param time how long
 * @param latestOfKeys whether the newest entry of each key stays longer: a row of a table until it
 *     is removed, and the newest event of a key until the time is over
 */
public record StoreRetention(int events, long bytes, Duration time, boolean latestOfKeys) {
    /**
     * What is kept of a topic for which nothing was set: 1,024 entries, 1 MiB, ten minutes, as
     * {@link microdot.sse.TopicOptions} has it.
     */
    public static final StoreRetention STANDARD =
            new StoreRetention(1024, 1 << 20, Duration.ofMinutes(10), false);

    /**
     * @throws IllegalArgumentException when a limit is less than 1, or the time is not positive
     */
    public StoreRetention {
        Required.notNull(time, "time", "a positive time");
        if (events < 1 || bytes < 1 || !time.isPositive()) {
            throw new IllegalArgumentException(
                    "retention: "
                            + events
                            + " entries, "
                            + bytes
                            + " bytes, "
                            + time
                            + " (expected: positive limits)");
        }
    }
}
