package microdot.netty.stream;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import microdot.CloseReason;

/** Counts the streams of a server that have ended, by their reason. Thread-safe. */
public final class EndedStreams {
    private final Map<CloseReason, LongAdder> counts = new EnumMap<>(CloseReason.class);

    /** Creates the counts, all zero. */
    public EndedStreams() {
        for (CloseReason reason : CloseReason.values()) {
            counts.put(reason, new LongAdder());
        }
    }

    void increment(CloseReason reason) {
        Objects.requireNonNull(counts.get(reason)).increment();
    }

    /** Returns how many streams have ended for each reason; every reason is present. */
    public Map<CloseReason, Long> counts() {
        Map<CloseReason, Long> all = new EnumMap<>(CloseReason.class);
        counts.forEach((reason, count) -> all.put(reason, count.sum()));
        return all;
    }
}
