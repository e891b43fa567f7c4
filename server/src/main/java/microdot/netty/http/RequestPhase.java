package microdot.netty.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import microdot.ClosingFrames;
import microdot.HttpException;
import microdot.ServerOptions;
import microdot.internal.CloseReason;
import microdot.netty.exchange.Exchange;
import microdot.netty.exchange.OpenedResponse;
import microdot.netty.exchange.Responder;
import microdot.netty.io.HalfClosedPeer;
import microdot.netty.stream.ChannelSink;
import microdot.netty.stream.Framing;
import microdot.netty.stream.StallDetector;
import org.jspecify.annotations.Nullable;

/** The connection reads requests and answers them one after another, in order. */
final class RequestPhase implements ConnectionPhase {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** How many pipelined requests may wait before the connection is no longer read. */
    private static final int MAX_WAITING = 64;

    /** How much memory they may take before that. */
    private static final int MAX_WAITING_MEMORY = 256 << 10;

    private enum State {
        /** Waits for a request or reads one. */
        IDLE,
        /** A request is being handled. */
        HANDLING,
        /** Its response is being written. */
        WRITING
    }

    private final HttpConnection connection;
    private final SocketChannel channel;
    private final ServerOptions options;
    private final StrictRequestDecoder decoder;
    private final RequestReader reader;
    private final StallDetector stall = new StallDetector();
    private final Queue<ParsedRequest> waiting = new ArrayDeque<>(2);
    private long waitingMemory;
    private State state = State.IDLE;
    private @Nullable Exchange handled; // While the state is HANDLING.
    private long since = System.nanoTime(); // When the last response was written.

    RequestPhase(HttpConnection connection, StrictRequestDecoder decoder) {
        this.connection = connection;
        this.channel = connection.channel();
        this.options = connection.server().options();
        this.decoder = decoder;
        this.reader = new RequestReader(options.maxBody(), channel.remoteAddress());
    }

    // ---- Reading ----

    @Override
    public void read(Object message) {
        if (!(message instanceof HttpObject part)) {
            return;
        }
        ParsedRequest request = reader.read(part);
        if (request == null) {
            inviteBody();
            return;
        }
        decoder.restart();
        if (state == State.IDLE && waiting.isEmpty()) {
            handle(request);
            return;
        }
        waiting.add(request);
        waitingMemory += request.memory();
        if (waiting.size() >= MAX_WAITING || waitingMemory > MAX_WAITING_MEMORY) {
            channel.config().setAutoRead(false);
            decoder.pause();
        }
    }

    @Override
    public void readComplete() {
        if (!connection.input(decoder.memory() + reader.memory() + waitingMemory)) {
            rejectOverBudget();
        }
    }

    /** Rejects what is read and what waits; its memory is released at once. */
    private void rejectOverBudget() {
        ParsedRequest.Refused refused =
                reader.refuse(503, "the server has no memory for the request (maxMemory)");
        clearWaiting();
        removeDecoder();
        if (state == State.IDLE) {
            refuse(refused);
        } else {
            waiting.add(refused); // After the response that is under way.
        }
    }

    /** Releases what the decoder holds. What still arrives is dropped. */
    private void removeDecoder() {
        if (channel.pipeline().context(decoder) != null) {
            channel.pipeline().remove(decoder);
        }
    }

    private void clearWaiting() {
        waiting.clear();
        waitingMemory = 0;
    }

    /** Sends 100 if the client waits for it and no earlier request is unanswered. */
    private void inviteBody() {
        if (state == State.IDLE && waiting.isEmpty() && reader.takeExpectation()) {
            channel.writeAndFlush(
                    new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1,
                            HttpResponseStatus.CONTINUE,
                            Unpooled.EMPTY_BUFFER));
        }
    }

    private void next() {
        if (state != State.IDLE) {
            return;
        }
        ParsedRequest request = waiting.poll();
        if (request == null) {
            inviteBody();
        } else {
            waitingMemory -= request.memory();
            handle(request);
        }
    }

    private void handle(ParsedRequest request) {
        switch (request) {
            case ParsedRequest.Whole whole -> {
                state = State.HANDLING;
                var exchange =
                        new Exchange(
                                connection.server(), whole.request(), new Http1Responder(whole));
                handled = exchange;
                exchange.begin();
            }
            case ParsedRequest.Refused refused -> refuse(refused);
        }
    }

    private void refuse(ParsedRequest.Refused refused) {
        clearWaiting();
        LOG.log(
                Level.DEBUG,
                () ->
                        "a request of "
                                + channel.remoteAddress()
                                + " was refused with "
                                + refused.status()
                                + ": "
                                + refused.reason());
        linger(ResponseWriter.write(channel, refused, response(refused), false));
    }

    private OpenedResponse response(ParsedRequest.Refused refused) {
        return refused.status() == 503
                ? OpenedResponse.rejection(connection.server().limits().rejection(refused.accept()))
                : OpenedResponse.of(new HttpException(refused.status(), refused.reason()));
    }

    private void linger(ChannelFuture response) {
        removeDecoder();
        connection.input(0);
        connection.output(response);
        connection.become(new LingerPhase(connection, response));
    }

    // ---- Responding ----

    /** Answers one request. Each has its own, because a stream outlives this phase. */
    private final class Http1Responder implements Responder {
        private final ParsedRequest.Whole request;

        Http1Responder(ParsedRequest.Whole request) {
            this.request = request;
        }

        @Override
        public Executor loop() {
            return channel.eventLoop();
        }

        @Override
        public void respond(OpenedResponse response) {
            handled = null;
            boolean last =
                    !request.keepAlive()
                            || (connection.isInputClosed() && waiting.isEmpty())
                            || connection.isStopping()
                            || ResponseWriter.asksToClose(response);
            ChannelFuture written = ResponseWriter.write(channel, request, response, !last);
            if (last) {
                linger(written);
            } else {
                since = System.nanoTime();
                state = State.WRITING;
                written.addListener(done -> written(done.isSuccess()));
                connection.output(written);
            }
        }

        @Override
        public ChannelSink openStream(ClosingFrames closingFrames) {
            return new ChannelSink(
                    channel,
                    request.http11() ? Framing.CHUNKED : Framing.UNTIL_CLOSE,
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
            connection.closeAccount();
            connection.become(new StreamPhase(connection, sink));
            ResponseWriter.writeStreamHead(channel, request, head);
            // The decoder passes on what it still holds, and the new phase drops it.
            channel.pipeline().remove(decoder);
            channel.pipeline().remove(HttpResponseEncoder.class);
            channel.config().setAutoRead(true);
            connection.loop().streamBegan(connection);
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
     * The response is out, and only now the next request is handled: the responses to a client that
     * sends requests and reads nothing would pile up.
     */
    private void written(boolean success) {
        if (connection.isStopping() || state != State.WRITING) {
            return; // The connection is being closed.
        }
        since = System.nanoTime();
        state = State.IDLE;
        if (!success || (connection.isInputClosed() && waiting.isEmpty())) {
            channel.close();
            return;
        }
        if (waiting.isEmpty()) {
            channel.config().setAutoRead(true);
            decoder.resume();
        }
        next();
    }

    // ---- The end ----

    @Override
    public void inputClosed() {
        // A client that closed its side before the response still waits for it.
        switch (state) {
            case IDLE -> connection.closeWhenFlushed();
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
                }
            }
            case WRITING -> {
                if (connection.loop().streams().isStalled(channel, stall, now)) {
                    channel.close();
                }
            }
        }
    }

    private void tickIdle(long now) {
        long headAt = reader.headAt();
        long byteAt = decoder.firstByteAt();
        if (headAt != 0) {
            if (now - later(headAt, since) > options.bodyTimeout().toNanos()) {
                refuse(reader.refuse(408, "the body came too slowly"));
            }
        } else if (byteAt != 0) {
            if (now - later(byteAt, since) > options.headTimeout().toNanos()) {
                refuse(reader.refuse(408, "the head came too slowly"));
            }
        } else if (now - since > options.idleTimeout().toNanos()) {
            channel.close();
        }
    }

    // A timeout starts when the previous response was written, because the request may have been
    // unread until then.
    private static long later(long one, long other) {
        return one - other > 0 ? one : other;
    }

    @Override
    public void stop() {
        if (state != State.HANDLING) {
            connection.closeWhenFlushed();
        }
    }

    @Override
    public void closed() {
        clearWaiting();
        if (handled != null) {
            handled.clientLeft();
        }
    }
}
