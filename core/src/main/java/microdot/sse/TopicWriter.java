package microdot.sse;

import java.util.List;
import java.util.concurrent.CompletionStage;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.Epoch;
import microdot.sse.log.EventId;
import microdot.sse.log.KeyedEvent;
import microdot.sse.log.Row;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/** Makes the changes of topics: in memory, or in a store. Any thread. */
interface TopicWriter {
    /**
     * Events of one topic that are appended as one step.
     *
     * @param keyedBy the function that gave the keys
     * @param isLast whether the topic ends with them
     */
    record Batch(
            TopicState topic,
            List<KeyedEvent> events,
            @Nullable Object keyedBy,
            boolean isLast,
            PublishOptions options) {
        /** Returns this batch as one after which the topic goes on. */
        Batch withoutEnd() {
            return new Batch(topic, events, keyedBy, false, options);
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
                        "expectedLastId: \""
                                + expected
                                + "\" (expected: an id that publish returned, not one of a"
                                + " publisher)");
            }
            // An id of a lost position is that of no event.
            return ids.isOf(id) ? id.position() : Long.MAX_VALUE;
        }
    }

    /**
     * Appends one event, without options; else as {@link #append(Batch)}.
     *
     * @param keyedBy the function that gave the key
     */
    long append(
            TopicState topic,
            EncodedEvent event,
            @Nullable Object keyedBy,
            @Nullable String key,
            boolean isLast);

    /**
     * Appends events and returns the position of the last, once they are safe and the followers of
     * this process can have them; or {@link TopicOrder#TOPIC_CLOSED} or {@link
     * TopicOrder#OTHER_KIND}.
     */
    long append(Batch batch);

    /** Appends events as {@link #append} does, without waiting. */
    CompletionStage<Long> appendAsync(Batch batch);

    /** Changes a row as {@link TopicOrder#change} does. */
    long change(TopicState table, Row change);

    /**
     * Removes a row because it is too old, if it is still the newest of its key. Does not wait for
     * an engine.
     *
     * @return false when the table is no longer open
     */
    boolean expire(TopicState table, Row removal);

    /** Returns whether what {@link #expire} was told has happened when it returns. */
    boolean isImmediate();

    /** Ends a topic; does nothing if it has ended. */
    void close(TopicState topic);

    /** Removes every event of a topic. */
    void removeAll(TopicState topic);
}
