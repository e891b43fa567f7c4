package microdot.sse;

import java.util.concurrent.CompletionStage;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.MemoryOrder;
import microdot.sse.log.Row;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/** Makes the changes of topics: in memory, or in a store. Any thread. */
interface TopicWriter {
    /**
     * Appends one event, without options; else as {@link #append(PublishBatch)}.
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
    long append(PublishBatch batch);

    /** Appends events as {@link #append} does, without waiting. */
    CompletionStage<Long> appendAsync(PublishBatch batch);

    /** Changes a row as {@link MemoryOrder#change} does. */
    long change(TopicState table, Row change);

    /**
     * Removes a row because it is too old, if it is still the newest of its key. Does not wait for
     * an engine.
     *
     * @return false when the table is no longer open
     */
    boolean expire(TopicState table, Row removal);

    /** Returns whether the row is removed when {@link #expire} returns. */
    boolean isImmediate();

    /** Ends a topic; does nothing if it has ended. */
    void close(TopicState topic);

    /** Removes every event of a topic. */
    void removeAll(TopicState topic);
}
