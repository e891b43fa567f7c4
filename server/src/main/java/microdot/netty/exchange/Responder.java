package microdot.netty.exchange;

import java.util.concurrent.Executor;
import microdot.ClosingFrames;
import microdot.netty.limits.HandedBodies;
import microdot.netty.stream.ChannelSink;
import org.jspecify.annotations.Nullable;

/**
 * The connection's side of one {@link Exchange}: how the response reaches the client. Each HTTP
 * version has its own. Exactly one of {@link #respond}, {@link #beginStream} and {@link #abort}
 * ends an exchange for its connection.
 */
public interface Responder {
    /** Returns the connection's event loop, which runs tasks in order. */
    Executor loop();

    /**
     * Returns what counts the bodies of this connection's responses until {@link #respond}. From
     * any thread.
     */
    HandedBodies handed();

    /**
     * Sends the head and the body of a response that is not a stream. On the event loop.
     *
     * @param observation notified when the response was sent; null if nothing observes it
     */
    void respond(OpenedResponse response, @Nullable Observation observation);

    /**
     * Returns the sink of a stream whose head is not sent yet. It has the closing frames from the
     * start, because the server may end the stream before its writer runs. From any thread.
     */
    ChannelSink openStream(ClosingFrames closingFrames);

    /**
     * Sends the head of a stream; from then on the sink writes. On the event loop. The connection
     * calls {@link ChannelSink#disconnected} when the client leaves. If it has left already, the
     * connection only does that.
     */
    void beginStream(OpenedResponse head, ChannelSink sink);

    /** Ends the exchange without a response. From any thread. */
    void abort();
}
