package microdot.internal;

import java.time.Duration;
import java.util.function.BiConsumer;

/** Lets the test kit make time pass for topics. It is no part of their API. */
public final class TopicTime {
    private static volatile BiConsumer<Object, Duration> access =
            (topics, time) -> {
                throw new IllegalArgumentException("topics: " + topics + " (expected: Topics)");
            };

    private TopicTime() {}

    /** Sets what {@link #passed} calls. */
    public static void access(BiConsumer<Object, Duration> given) {
        access = given;
    }

    /** Events, rows and runs of the topics are older by this time, and what is too old is gone. */
    public static void passed(Object topics, Duration time) {
        access.accept(topics, time);
    }
}
