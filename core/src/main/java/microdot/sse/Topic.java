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

    /** How many streams follow it now. */
    public int followers() {
        EventLog log = topics.existing(name);
        return log == null ? 0 : log.followers.get();
    }

    /** Its figures now; all zero for a topic that is forgotten. */
    public Stats stats() {
        EventLog log = topics.existing(name);
        return log == null ? new Stats(0, 0, 0, 0, 0, 0, 0) : topics.stats(log);
    }

    /**
     * A topic's figures at one moment.
     *
     * @param followers streams that follow it
     * @param published events that were ever published
     * @param kept events that are kept
     * @param bytes bytes that they take
     * @param delivered events handed to connections, each follower counted
     * @param missed events that slow followers were told to have missed
     * @param disconnected followers cut for slowness
     */
    public record Stats(
            int followers,
            long published,
            long kept,
            long bytes,
            long delivered,
            long missed,
            long disconnected) {}
}
