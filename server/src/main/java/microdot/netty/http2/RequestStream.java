package microdot.netty.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import microdot.CloseReason;
import microdot.ClosingFrames;
import microdot.netty.body.IncomingBody;
import microdot.netty.exchange.Exchange;
import microdot.netty.exchange.Observation;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.Responder;
import microdot.netty.limits.HandedBodies;
import microdot.netty.stream.ChannelSink;
import microdot.netty.stream.FrameSink;
import microdot.netty.stream.OpenStream;
import org.jspecify.annotations.Nullable;

/**
 * A stream whose request is being handled. Its body is read as its handler reads: what waits for
 * that is not given back to the windows. On the event loop, except where it says otherwise.
 */
final class RequestStream implements OpenStream, Responder, IncomingBody.Connection {
    private final Http2Streams streams;
    private final Http2Stream stream;
    private final boolean headOnly;
    private final @Nullable String accept;
    private final long head; // What its head takes in memory.
    private long counted; // What the connection has counted of the request.
    private @Nullable IncomingBody body;
    private @Nullable Exchange exchange; // Until it has responded.
    private int unread; // Bytes that are not given back to the windows.
    private boolean overBudget; // The body was rejected, because maxMemory was reached.

    RequestStream(
            Http2Streams streams,
            Http2Stream stream,
            boolean headOnly,
            @Nullable String accept,
            long head) {
        this.streams = streams;
        this.stream = stream;
        this.headOnly = headOnly;
        this.accept = accept;
        this.head = head;
    }

    /** Handles the request, once its memory is counted. */
    void begin(Exchange handled, @Nullable IncomingBody incoming) {
        exchange = handled;
        body = incoming;
        if (count(head)) {
            handled.begin();
        } else {
            exchange = null;
            ended();
            Observation rejected = handled.rejected();
            ResponseStream.begin(streams, stream, streams.rejection(accept), headOnly, rejected);
        }
    }

    // ---- The body ----

    /** Takes bytes of the body; returns how many of them the windows get back at once. */
    int data(ByteBuf bytes, int count, boolean last) {
        IncomingBody incoming = body;
        if (incoming == null) {
            return count;
        }
        incoming.append(bytes);
        if (last) {
            incoming.end();
        }
        if (!count(head + incoming.memory())) {
            overBudget = true;
            incoming.fail(503, "the server has no memory for the request (maxMemory)");
            count(head + incoming.memory());
        }
        if (incoming.pauses(false)) {
            unread += count;
            return 0;
        }
        return count;
    }

    /** The body is whole; its trailers are dropped. */
    void trailers() {
        IncomingBody incoming = body;
        if (incoming != null) {
            incoming.end();
        }
    }

    /** From any thread. */
    @Override
    public void readBody(IncomingBody incoming) {
        streams.channel().eventLoop().execute(() -> readOn(incoming));
    }

    @Override
    public boolean isOnLoop() {
        return streams.channel().eventLoop().inEventLoop();
    }

    private void readOn(IncomingBody incoming) {
        if (body == null || !incoming.isWanted() || Http2Streams.isClosed(stream)) {
            return;
        }
        if (incoming.takeExpectation()) {
            streams.writeContinue(stream);
        }
        streams.consumed(stream, unread);
        unread = 0;
    }

    /** Returns whether there is memory for the request. */
    private boolean count(long memory) {
        long more = memory - counted;
        counted = memory;
        return streams.requestsTake(more);
    }

    /** The request has its response, or never gets one. */
    private void ended() {
        IncomingBody incoming = body;
        if (incoming != null) {
            body = null;
            incoming.close();
        }
        count(0);
    }

    // ---- Responding ----

    @Override
    public Executor loop() {
        return streams.channel().eventLoop();
    }

    @Override
    public HandedBodies handed() {
        return streams.handed();
    }

    @Override
    public void respond(OpenedResponse made, @Nullable Observation observation) {
        exchange = null;
        ended();
        OpenedResponse response = made;
        if (overBudget && made.response().status() == 503) {
            made.release();
            response = streams.rejection(accept);
        }
        ResponseStream.begin(streams, stream, response, headOnly, observation);
    }

    /** From any thread. */
    @Override
    public ChannelSink openStream(ClosingFrames closingFrames) {
        return new FrameSink(streams.output(), stream, closingFrames, streams.loop().streams());
    }

    @Override
    public void beginStream(OpenedResponse opened, ChannelSink sink) {
        exchange = null;
        ended();
        FrameSink body = (FrameSink) sink; // Made by openStream.
        if (Http2Streams.isClosed(stream)) {
            body.closed(streams.closeReason());
            return;
        }
        streams.become(stream, body);
        // Else they would be missing in the window of the connection for as long as the stream
        // lasts. A response ends its stream: its client is not asked for more.
        streams.consumed(stream, unread);
        unread = 0;
        streams.output().head(stream, ResponseHead.of(opened), false);
        streams.loop().streamBegan(body::endBy);
        if (streams.isStopping()) {
            body.stop();
        }
    }

    /** From any thread. */
    @Override
    public void abort() {
        try {
            loop().execute(() -> streams.output().reset(stream, Http2Error.INTERNAL_ERROR));
        } catch (RejectedExecutionException e) {
            // The server has stopped, and has closed the streams.
        }
    }

    // ---- The connection's view ----

    @Override
    public void writable() {
        // It writes nothing yet.
    }

    /** Without a body there is nothing to come. */
    @Override
    public int drop(int count) {
        return count;
    }

    @Override
    public void tick(long now) {
        IncomingBody incoming = body;
        if (incoming == null) {
            return;
        }
        if (incoming.isLate(now, streams.server().options())) {
            incoming.fail(408, "the body came too slowly");
        }
        count(head + incoming.memory()); // Its handler may have read and kept some.
    }

    @Override
    public void drain(LongSupplier ends) {
        Exchange waiting = exchange;
        if (waiting != null) {
            waiting.stopWaitingAt(ends.getAsLong(), streams.channel().eventLoop());
        }
    }

    @Override
    public void stop() {
        Exchange waiting = exchange;
        if (waiting != null) {
            waiting.stopWaiting();
        }
    }

    @Override
    public void closed(CloseReason reason) {
        Exchange left = exchange;
        exchange = null;
        IncomingBody incoming = body;
        if (incoming != null) {
            body = null;
            incoming.fail(400, "the client disconnected before the end of the body");
        }
        count(0);
        if (left != null) {
            left.clientLeft();
        }
    }
}
