package microdot.sse;

/**
 * What the stream of a handler can follow, see {@link Sse#follow(TopicSource, String...)}: {@link
 * Topics} is the only one, and applications cannot add others.
 */
public abstract class TopicSource {
    // This type is here so that Sse need not name Topics, which names Sse.
    TopicSource() {}

    /** Returns the topics by name. */
    abstract TopicSelection select(String... names);
}
