package microdot.sse;

import java.util.List;
import microdot.internal.Quoted;
import microdot.sse.log.Epoch;
import microdot.sse.log.EventId;
import microdot.sse.log.KeyedEvent;
import org.jspecify.annotations.Nullable;

/**
 * Events of one topic that are appended as one step.
 *
 * @param keyedBy the function that gave the keys
 * @param isLast whether the topic ends with them
 */
record PublishBatch(
        TopicState topic,
        List<KeyedEvent> events,
        @Nullable Object keyedBy,
        boolean isLast,
        PublishOptions options) {
    /** Returns this batch as one after which the topic goes on. */
    PublishBatch withoutEnd() {
        return new PublishBatch(topic, events, keyedBy, false, options);
    }

    /**
     * Returns the position that the newest event of the topic must have; -1 for any.
     *
     * @throws IllegalArgumentException when the expected id is not one of these topics
     */
    long expectedLast(Epoch ids) {
        String expected = options.expectedLastId();
        if (expected == null) {
            return -1;
        }
        EventId id = expected.isEmpty() ? null : EventId.parse(expected);
        if (expected.isEmpty()) {
            return 0;
        }
        if (id == null || id.snapshotsAreLater()) {
            throw new IllegalArgumentException(
                    "expectedLastId: "
                            + Quoted.of(expected)
                            + " (expected: an id that publish returned, not one of a"
                            + " publisher)");
        }
        // No position is given twice: a lost one is that of no event. The engine may still have
        // one that this process has missed.
        return ids.isKnown(id) ? id.position() : Long.MAX_VALUE;
    }
}
