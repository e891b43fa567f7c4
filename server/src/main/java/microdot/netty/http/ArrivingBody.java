package microdot.netty.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import microdot.ServerOptions;
import microdot.netty.body.IncomingBody;
import microdot.netty.proxy.Peer;
import org.jspecify.annotations.Nullable;

/**
 * When the body that a connection is receiving is read, and for how long it is waited for: paced by
 * its handler, or after the response, to be dropped. Confined to the event loop, except where it
 * says otherwise.
 */
final class ArrivingBody implements IncomingBody.Connection {
    private final DuplexChannel channel;
    private final ServerOptions options;
    private final RequestReader reader;
    private @Nullable IncomingBody rest; // What is still to come of a body, and to be dropped.

    ArrivingBody(DuplexChannel channel, ServerOptions options, Peer peer) {
        this.channel = channel;
        this.options = options;
        this.reader = new RequestReader(options.maxBody(), peer, this);
    }

    /** Returns what makes requests of the input, and receives their bodies. */
    RequestReader reader() {
        return reader;
    }

    /**
     * Bytes of the body have arrived: stops reading if its handler is not to be given more.
     *
     * @param idle whether all that was read is here
     * @return false if the body is to be dropped, and is too long for that
     */
    boolean arrived(IncomingBody body, boolean idle) {
        if (body == rest) {
            return !body.isRestTooLong();
        }
        if (body.pauses(idle)) {
            channel.config().setAutoRead(false);
        }
        return true;
    }

    /** The body is whole, or will never be. */
    void ended() {
        rest = null;
    }

    /** From any thread. */
    @Override
    public void readBody(IncomingBody body) {
        channel.eventLoop().execute(() -> readOn(body));
    }

    @Override
    public boolean isOnLoop() {
        return channel.eventLoop().inEventLoop();
    }

    /** Reads on for a handler, or drops the rest, unless that was settled meanwhile. */
    private void readOn(IncomingBody body) {
        if (reader.body() != body || !body.isWanted()) {
            return;
        }
        if (body.takeExpectation()) {
            channel.writeAndFlush(
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1,
                            HttpResponseStatus.CONTINUE,
                            Unpooled.EMPTY_BUFFER));
        }
        channel.config().setAutoRead(true);
    }

    /** The response has begun: the client may send the rest before it reads the response. */
    void dropRest(@Nullable IncomingBody body) {
        if (body != null && body == reader.body()) {
            rest = body;
            readOn(body);
        }
    }

    /** Returns whether a rest is still to come, and to be dropped. */
    boolean isDroppingRest() {
        return rest != null;
    }

    /** Returns whether the body comes too slowly. */
    boolean isLate(long now) {
        IncomingBody body = reader.body();
        return body != null && body.isLate(now, options);
    }

    /** Fails the body for its handler, if it is not whole. */
    void fail(int status, String reason) {
        IncomingBody body = reader.body();
        if (body != null) {
            body.fail(status, reason);
        }
    }
}
