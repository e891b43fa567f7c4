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

    // ---- The end ----

    /**
     * Ends the topic: its followers get everything, then a last {@code checkpoint} with the
     * position of the end, and their streams end once all topics that they follow have ended. A
     * browser that reconnects then is answered with 204 and stops. Other clients that connect later
     * get what is kept, then the end. Does nothing when the topic has ended.
     *
     * <p>A closed topic stays closed for its {@link TopicOptions#keepFor()}, then it is forgotten,
     * with options of its own. The names of the last 4,096 topics that were forgotten so are
     * remembered: a browser that reconnects later with an id from before the end is answered with
     * 204 too. {@link Topics#remove} opens the name at once.
     *
     * @throws IllegalStateException when a change of the topic ({@link #publish(Supplier)}) takes
     *     longer than a second, or runs another topic's; the topic is open then
     */
    public void close() {
        topics.publishing().close(name);
    }

    /**
     * Publishes the last event and ends the topic, as one step. See {@link #close()}.
     *
     * @return the id of the event
     * @throws IllegalStateException when the topic has ended already
     */
    public String close(Object lastEvent) {
        return topics.publishing().closeWith(name, lastEvent);
    }

    /** Returns whether the topic has ended and is not forgotten. */
    public boolean isClosed() {
        return topics.registry().ends().of(name) > 0;
    }

    // ---- Figures ----

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
     * @param published events published since this process has the topic; on a store, by all
     *     processes
     * @param kept events that are kept in memory
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
