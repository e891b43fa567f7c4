package microdot.netty.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.stream.ChunkedWriteHandler;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import microdot.CloseReason;
import microdot.ClosingFrames;
import microdot.ServerOptions;
import microdot.netty.body.IncomingBody;
import microdot.netty.exchange.Exchange;
import microdot.netty.exchange.Observation;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.Responder;
import microdot.netty.io.HalfClosedPeer;
import microdot.netty.io.UnreadPeer;
import microdot.netty.limits.HandedBodies;
import microdot.netty.limits.RequestMemory;
import microdot.netty.proxy.Peer;
import microdot.netty.stream.ChannelSink;
import microdot.netty.stream.Framing;
import microdot.netty.stream.SocketSink;
import microdot.netty.stream.StallDetector;
import microdot.netty.tls.TlsHandler;
import org.jspecify.annotations.Nullable;

/** The connection reads requests and answers them one after another, in order. */
final class RequestPhase implements ConnectionPhase {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private enum State {
        /** Waits for a request or reads its head. */
        IDLE,
        /** A request is being handled. */
        HANDLING,
        /** Its response is being written. */
        WRITING,
        /** The response is written, and the rest of the body is read and dropped. */
        DISCARDING
    }

    private final HttpConnection connection;
    private final DuplexChannel channel;
    private final ServerOptions options;
    private StrictRequestDecoder decoder;
    private final Peer peer;
    private final @Nullable TlsHandler tls;
    private final ArrivingBody arriving;
    private final RequestReader reader;
    private final StallDetector stall = new StallDetector();
    private final WaitingRequests waiting = new WaitingRequests();
    private State state = State.IDLE;
    private @Nullable HandledRequest handled; // While the state is HANDLING.
    private long since = System.nanoTime(); // When the last response was written.

    RequestPhase(HttpConnection connection, StrictRequestDecoder decoder, Peer peer) {
        this.connection = connection;
        this.channel = connection.channel();
        this.options = connection.server().options();
        this.decoder = decoder;
        this.peer = peer;
        this.tls = connection.tls();
        this.arriving = new ArrivingBody(channel, options, peer);
        this.reader = arriving.reader();
    }

    // ---- Reading ----

    @Override
    public void read(Object message) {
        if (message instanceof Http2Preface preface) {
            connection.becomeHttp2(peer, preface.content().retain());
            return;
        }
        if (!(message instanceof HttpObject part)) {
            return;
        }
        IncomingBody before = reader.body();
        ParsedRequest request = reader.read(part);
        if (request != null) {
            waiting.add(request);
        }
        IncomingBody body = reader.body();
        if (before != null && body == null) {
            bodyEnded();
        }
        if (!reader.isInRequest()) {
            requestEnded();
        } else if (body != null) {
            bodyArrives(body, false);
        }
    }

    private void requestEnded() {
        decoder.restart();
        if (waiting.memory() > RequestMemory.LARGE_HEAD && !reader.isRefused() && !account()) {
            rejectOverBudget(); // Before a handler begins.
            return;
        }
        next();
        if (waiting.isFull()) {
            channel.config().setAutoRead(false);
            decoder.pause();
        }
    }

    /**
     * A request with an unfinished body starts here, because most bodies arrive with their head.
     */
    @Override
    public void readComplete() {
        IncomingBody body = reader.body();
        if (body != null) {
            next();
            bodyArrives(body, true);
        }
        if (!reader.isRefused() && !account()) {
            rejectOverBudget();
        }
    }

    /** Reports the memory of this connection; returns false if there is none for it. */
    private boolean account() {
        return connection.input(memory());
    }

    private long memory() {
        long record = tls == null ? 0 : tls.memory();
        long request = handled == null ? 0 : handled.memory();
        return record + decoder.memory() + waiting.memory() + request;
    }

    /** Rejects what is read and what waits; its memory is released at once. */
    private void rejectOverBudget() {
        String reason = "the server has no memory for the request (maxMemory)";
        IncomingBody body = reader.body();
        // One response for each request: none for what has its response already, or gets it.
        boolean unanswered = !waiting.isEmpty() || decoder.firstByteAt() != 0;
        boolean dropping = arriving.isDroppingRest();
        ParsedRequest.Refused refused = reader.refuse(503, reason);
        waiting.clear();
        arriving.ended();
        if (body != null && handled != null && handled.has(body)) {
            handled.rejectBody(body, 503, reason);
        } else if (unanswered && !dropping) {
            waiting.add(refused); // After the response that is under way.
        }
        decoder.remove();
        if (state == State.IDLE || state == State.DISCARDING) {
            finished();
        } else {
            account();
        }
    }

    private void bodyArrives(IncomingBody body, boolean idle) {
        if (!arriving.arrived(body, idle)) {
            LOG.log(
                    Level.DEBUG,
                    () ->
                            "the rest of a body of "
                                    + channel.remoteAddress()
                                    + " is too long to be discarded; its connection is closed");
            lingerAfterResponse();
        }
    }

    private void lingerAfterResponse() {
        // An empty write completes after the response.
        linger(channel.writeAndFlush(Unpooled.EMPTY_BUFFER), null);
    }

    private void bodyEnded() {
        arriving.ended();
        if (state == State.DISCARDING) {
            finished();
        }
    }

    private void next() {
        if (state != State.IDLE) {
            return;
        }
        ParsedRequest request = waiting.poll();
        if (request == null) {
            return;
        }
        switch (request) {
            case ParsedRequest.Accepted accepted -> {
                state = State.HANDLING;
                var exchange =
                        new Exchange(
                                connection.server(),
                                accepted.request(),
                                new Http1Responder(accepted),
                                accepted.refusal());
                handled = new HandledRequest(accepted, exchange);
                exchange.begin();
            }
            case ParsedRequest.Refused refused -> refuse(refused);
        }
    }

    private void refuse(ParsedRequest.Refused refused) {
        waiting.clear();
        LOG.log(
                Level.DEBUG,
                () ->
                        "a request of "
                                + channel.remoteAddress()
                                + " was refused with "
                                + refused.status()
                                + ": "
                                + refused.reason());
        OpenedResponse response = connection.response(refused);
        long length = refused.headOnly() ? 0 : response.length();
        ChannelFuture written = ResponseWriter.write(channel, refused, response, false);
        Observation.refused(connection.server(), peer.address(), refused.status(), length);
        linger(written, null);
    }

    private void linger(ChannelFuture response, byte @Nullable [] kept) {
        decoder.remove();
        connection.input(0);
        connection.output(response, kept);
        connection.become(new LingerPhase(connection, response));
    }

    private boolean hasNoFurtherInput() {
        return connection.isInputClosed() || reader.isRefused();
    }

    // ---- Responding ----

    /** Answers one request. Each has its own, because a stream outlives this phase. */
    private final class Http1Responder implements Responder {
        private final ParsedRequest.Accepted request;

        Http1Responder(ParsedRequest.Accepted request) {
            this.request = request;
        }

        @Override
        public Executor loop() {
            return channel.eventLoop();
        }

        /** A connection has one response at a time. */
        @Override
        public HandedBodies handed() {
            return new HandedBodies(connection.server().memory());
        }

        @Override
        public void respond(OpenedResponse made, @Nullable Observation observation) {
            boolean overBudget = handled != null && handled.isOverBudget();
            handled = null;
            OpenedResponse response = made;
            boolean reusable = closeBody();
            if (overBudget && made.response().status() == 503) {
                made.release();
                response = connection.rejection(request.request().header("Accept"));
            }
            boolean last =
                    !reusable
                            || !request.keepAlive()
                            || (hasNoFurtherInput() && waiting.isEmpty())
                            || connection.isStopping()
                            || ResponseWriter.asksToClose(response);
            int status = response.response().status();
            long length = response.isBodiless() || request.headOnly() ? 0 : response.length();
            ChannelFuture written = ResponseWriter.write(channel, request, response, !last);
            if (observation != null) {
                written.addListener(
                        sent ->
                                observation.responded(
                                        status,
                                        length,
                                        sent.isSuccess() ? null : connection.closeReason()));
            }
            if (last) {
                linger(written, response.kept());
            } else {
                since = System.nanoTime();
                state = State.WRITING;
                arriving.dropRest(request.body());
                written.addListener(done -> written(done.isSuccess()));
                connection.output(written, response.kept());
                account();
            }
        }

        /** Returns whether the connection can be kept as far as the body is concerned. */
        private boolean closeBody() {
            IncomingBody body = request.body();
            return body == null || body.close();
        }

        @Override
        public ChannelSink openStream(ClosingFrames closingFrames) {
            return new SocketSink(
                    channel,
                    request.http11() ? Framing.CHUNKED : Framing.NONE,
                    closingFrames,
                    connection.loop().streams());
        }

        @Override
        public void beginStream(OpenedResponse head, ChannelSink sink) {
            if (!channel.isActive() || connection.isInputClosed()) {
                sink.disconnected();
                channel.close();
                return;
            }
            closeBody();
            connection.closeAccount();
            connection.become(new StreamPhase(connection, sink));
            ResponseWriter.writeStreamHead(channel, request, head);
            // The decoder passes on what it still holds, and the new phase drops it.
            decoder.remove();
            channel.pipeline().remove(HttpResponseEncoder.class);
            if (channel.pipeline().get(ChunkedWriteHandler.class) != null) {
                channel.pipeline().remove(ChunkedWriteHandler.class); // Of an earlier response.
            }
            channel.config().setAutoRead(true);
            connection.loop().streamBegan(sink::endBy);
            if (connection.isStopping()) {
                sink.closeWithRetry(CloseReason.SERVER_CLOSING);
            }
        }

        @Override
        public void abort() {
            channel.close();
        }
    }

    /**
     * The response is written. The next request is handled after it and not before: the responses
     * to a client that sends requests and reads nothing would pile up.
     */
    private void written(boolean success) {
        if (connection.isStopping() || state != State.WRITING) {
            return; // The connection is being closed.
        }
        if (!success) {
            channel.close();
        } else if (arriving.isDroppingRest() && !connection.isInputClosed()) {
            state = State.DISCARDING;
        } else {
            finished();
        }
    }

    /** The request and the response are whole. */
    private void finished() {
        since = System.nanoTime();
        state = State.IDLE;
        if (waiting.isEmpty() && connection.isInputClosed()) {
            connection.closeWhenFlushed();
            return;
        }
        if (waiting.isEmpty() && reader.isRefused()) {
            lingerAfterResponse();
            return;
        }
        decoder = decoder.renewed();
        if (waiting.isEmpty()) {
            channel.config().setAutoRead(true);
            decoder.resume();
        }
        next();
    }

    // ---- The end ----

    @Override
    public void inputClosed() {
        arriving.fail(400, "the connection ended before the body");
        // A client that closed its side before the response still waits for it.
        switch (state) {
            case IDLE, DISCARDING -> connection.closeWhenFlushed();
            case HANDLING -> HalfClosedPeer.probe(channel);
            case WRITING -> {}
        }
    }

    @Override
    public void tick(long now) {
        switch (state) {
            case IDLE -> tickIdle(now);
            case HANDLING -> {
                if (connection.isInputClosed() && HalfClosedPeer.isGone(channel)) {
                    channel.close();
                    return;
                }
                UnreadPeer.probe(channel, memory());
                if (arriving.isLate(now)) {
                    arriving.fail(408, "the body came too slowly");
                }
            }
            case DISCARDING -> {
                if (arriving.isLate(now)) {
                    channel.close();
                }
            }
            case WRITING -> {
                if (connection.loop().streams().isStalled(channel, stall, now)) {
                    connection.close(CloseReason.CLIENT_STALLED);
                } else if (stall.hasReadAt(now)) {
                    connection.clientReads();
                }
            }
        }
    }

    private void tickIdle(long now) {
        long byteAt = decoder.firstByteAt();
        if (byteAt != 0) {
            // From the end of the previous response on: before, it may have been unread.
            if (now - since - Math.max(0, byteAt - since) > options.headTimeout().toNanos()) {
                refuse(reader.refuse(408, "the head came too slowly"));
            }
        } else if (now - since > options.idleTimeout().toNanos()) {
            channel.close();
        }
    }

    @Override
    public void stop() {
        if (state != State.HANDLING) {
            connection.closeWhenFlushed();
        } else if (handled != null) {
            handled.exchange().stopWaiting();
        }
    }

    /** The server drains: a request that waits for events gets its response then. */
    @Override
    public void drain(LongSupplier ends) {
        if (handled != null) {
            handled.exchange().stopWaitingAt(ends.getAsLong(), channel.eventLoop());
        }
    }

    @Override
    public void closed() {
        waiting.clear();
        arriving.fail(400, "the client disconnected before the end of the body");
        if (handled != null) {
            handled.exchange().clientLeft();
        }
    }
}
