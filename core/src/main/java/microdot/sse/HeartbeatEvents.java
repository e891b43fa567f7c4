package microdot.sse;

import java.nio.channels.ClosedChannelException;
import microdot.BodySink;
import microdot.Request;

/**
 * Heartbeats that a page can see. A browser shows no comments to a page, so a page cannot tell a
 * quiet stream from a dead one; a client that asks with {@code ?heartbeat=event} gets events.
 */
final class HeartbeatEvents {
    private HeartbeatEvents() {}

    /** Returns whether the client asks for them, and the server sends heartbeats at all. */
    static boolean areWanted(Request request, BodySink sink) {
        return "event".equals(request.query("heartbeat")) && !sink.heartbeat().isZero();
    }

    /** Returns the wish with them, if the client asks for them. */
    static StartPosition.Wish wish(StartPosition.Wish wish, Request request, BodySink sink) {
        return areWanted(request, sink) ? wish.withHeartbeatEvents() : wish;
    }

    /**
     * Sends the first one, so that the client knows the interval, and those of a quiet stream. On
     * the handler's thread.
     */
    static void begin(BodySink sink) throws InterruptedException {
        byte[] frame = EventEncoder.heartbeat(sink.heartbeat());
        sink.keepAlive(() -> frame);
        try {
            sink.write(frame);
        } catch (ClosedChannelException e) {
            // The caller asks next whether the stream has ended.
        }
    }
}
