package microdot.sse;

import microdot.BodySink;
import microdot.Request;

/**
 * Topics and how a stream follows them, see {@link Sse#follow(TopicSelection)}: {@link TopicStream}
 * is the only one, and applications cannot add others.
 */
public abstract class TopicSelection {
    // This type is here so that Sse need not name TopicStream, which names Sse.
    TopicSelection() {}

    /** Starts delivery to the stream of a handler; does not wait for events. */
    abstract void follow(Request request, BodySink sink, StreamClosingFrames closingFrames)
            throws InterruptedException;
}
