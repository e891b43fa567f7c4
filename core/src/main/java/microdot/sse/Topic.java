package microdot.sse;

import java.util.function.Supplier;

/** A topic by its name. Every method may be called from any thread. */
public final class Topic {
    private final Topics topics;
    private final String name;

    Topic(Topics topics, String name) {
        this.topics = topics;
        this.name = name;
    }

    /** Returns the topic's name. */
    public String name() {
        return name;
    }

    /** See {@link Topics#publish(String, Object)}. */
    public String publish(Object event) {
        return topics.publish(name, event);
    }

    /** See {@link Topics#publish(String, Supplier)}. */
    public String publish(Supplier<?> change) {
        return topics.publish(name, change);
    }

    /** Returns how many streams follow the topic now. */
    public int followers() {
        TopicState state = topics.registry().existing(name);
        return state == null ? 0 : state.followers.get();
    }

    /** Returns the topic's figures now; all zero for a topic that was forgotten. */
    public Stats stats() {
        TopicState state = topics.registry().existing(name);
        return state == null
                ? new Stats(0, 0, 0, 0, 0, 0, 0)
                : topics.registry().order().locked(() -> Stats.of(state));
    }

    /**
     * A topic's figures at one moment.
     *
     * @param followers streams that follow it
     * @param published events that were ever published
     * @param kept events that are kept
     * @param bytes bytes that they take
     * @param delivered events handed to connections, counted for each follower
     * @param missed events that gaps reported to slow followers as missed
     * @param disconnected followers disconnected because they were slow
     */
    public record Stats(
            int followers,
            long published,
            long kept,
            long bytes,
            long delivered,
            long missed,
            long disconnected) {

        /** Under the lock of the order. */
        private static Stats of(TopicState topic) {
            return new Stats(
                    topic.followers.get(),
                    topic.log.published(),
                    topic.log.next() - topic.log.keptFrom(),
                    topic.log.bytes(),
                    topic.delivered.sum(),
                    topic.missed.sum(),
                    topic.disconnected.sum());
        }
    }
}
