package microdot.sse;

import java.util.List;
import microdot.BodySink;
import microdot.Request;

/**
 * What the stream of a handler can follow, see {@link Sse#follow}: {@link Topics} is the only one,
 * and applications cannot add others.
 */
public abstract class TopicSource {
    // This type is here so that Sse need not name Topics, which names Sse.
    TopicSource() {}

    /** Starts delivery to the stream of a handler; does not wait. */
    abstract void follow(
            Request request, BodySink sink, StreamClosingFrames closingFrames, List<String> names);
}
