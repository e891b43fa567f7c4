package microdot.sse;

import java.util.List;
import microdot.sse.log.EventId;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/** Which topics have ended, forgotten ones too, and which clients have their ends. */
final class TopicEnds {
    private final NodeTopics topics;
    private final TopicOrder order;
    private final @Nullable StoreNode store; // Null for topics in memory.
    private final EndedTopics forgotten;

    TopicEnds(
            NodeTopics topics, TopicOrder order, @Nullable StoreNode store, EndedTopics forgotten) {
        this.topics = topics;
        this.order = order;
        this.store = store;
        this.forgotten = forgotten;
    }

    /** Returns whether one of the topics has ended. */
    boolean isAnyClosed(List<String> names) {
        for (String name : names) {
            if (of(name) > 0) {
                return true;
            }
        }
        return false;
    }

    /** Returns the position of the end of a topic that is not forgotten; 0 if there is none. */
    long of(String name) {
        TopicState topic = topics.existing(name);
        if (topic != null) {
            return topic.log.closedAt();
        }
        return store == null ? 0 : store.tail().end(name);
    }

    /** Returns the position of an id of these topics; -1 for every other text. */
    private long position(String eventId) {
        EventId id = EventId.parse(eventId);
        if (id == null || !order.epoch().isOf(id) || id.position() > order.head()) {
            return -1;
        }
        return id.position();
    }

    /**
     * Returns whether all topics have ended and a client with this id has the end of each: it need
     * not reconnect. Also for topics that were forgotten after their end, as far as they are
     * remembered.
     */
    boolean isOver(List<String> names, String eventId) {
        long position = position(eventId);
        long last = 0;
        boolean former = false;
        for (String name : names) {
            TopicState topic = topics.existing(name);
            long end = of(name);
            if (end > position) {
                return false;
            }
            if (end == 0) {
                end = formerEnd(topic, name, position);
                former = true;
            }
            if (end == 0) {
                return false;
            }
            last = Math.max(last, end);
        }
        // An id from after all ends is that of a client that waits for new topics of the names.
        return !names.isEmpty() && position >= 0 && (!former || position <= last);
    }

    /** Returns 0 if an id at the position may be of a new topic of the name. */
    private long formerEnd(@Nullable TopicState topic, String name, long position) {
        // That of the topic is still known when the name was pushed out of the others.
        long end = topic != null && topic.endedAt() > 0 ? topic.endedAt() : forgotten.get(name);
        return topic == null || topic.endedAt() > 0 || position <= end ? end : 0;
    }
}
