package microdot.sse;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import microdot.JsonCodec;
import microdot.sse.log.DeliveryTasks;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * All topics by name: makes a topic when it is first used, and forgets it when it keeps nothing and
 * is not in use. Every method may be called from any thread.
 */
final class TopicRegistry {
    private final Map<String, TopicState> topics = new ConcurrentHashMap<>();
    private final ForgottenTopics forgotten = new ForgottenTopics();
    private final DeliveryTasks tasks = new DeliveryTasks();
    private final TopicOrder order;
    private final JsonCodec json;

    /**
     * @param maxBytes what all topics together keep at most, in bytes of events
     */
    TopicRegistry(long maxBytes, JsonCodec json) {
        this.order = new TopicOrder(maxBytes, () -> topics.values().stream().map(t -> t.log));
        this.json = json;
    }

    TopicOrder order() {
        return order;
    }

    DeliveryTasks tasks() {
        return tasks;
    }

    /** Returns the topic, made when it is unknown; it is not forgotten until it is unpinned. */
    TopicState pinned(String name) {
        TopicState known = topics.get(name);
        if (known != null && known.pin()) {
            return known;
        }
        TopicRules.checkedName(name);
        return order.locked(
                () -> {
                    TopicState topic = topics.computeIfAbsent(name, this::create);
                    topic.pinKnown();
                    return topic;
                });
    }

    private TopicState create(String name) {
        return new TopicState(name, order, forgotten.floor(name));
    }

    /** Returns null when the topic is unknown or forgotten. */
    @Nullable TopicState existing(String name) {
        return topics.get(name);
    }

    void configure(TopicState topic, TopicOptions options) {
        order.runLocked(() -> topic.configure(options, order, json));
    }

    /** Trims what is too old, releases unused loops, and forgets topics that nothing needs. */
    void sweep() {
        long now = System.nanoTime();
        for (TopicState topic : topics.values()) {
            order.runLocked(() -> sweep(topic, now));
        }
        order.runLocked(tasks::releaseUnused);
    }

    private void sweep(TopicState topic, long now) {
        topic.log.trim(now);
        topic.readers.releaseUnused();
        if (topic.forget()) {
            topics.remove(topic.name);
            forgotten.add(topic.name, topic.log.last());
        }
    }

    /**
     * The positions up to which forgotten topics had events: a later topic of the same name begins
     * there, so that a client that resumes from before gets a gap. Names are hashed into a fixed
     * table to bound memory: a collision may cause an unneeded gap, never a missed one. Under the
     * lock of the order.
     */
    private static final class ForgottenTopics {
        private final long[] floors = new long[4096];

        void add(String name, long last) {
            int at = at(name);
            floors[at] = Math.max(floors[at], last);
        }

        long floor(String name) {
            return floors[at(name)];
        }

        private int at(String name) {
            int hash = name.hashCode();
            return (hash ^ (hash >>> 16)) & (floors.length - 1);
        }
    }
}
