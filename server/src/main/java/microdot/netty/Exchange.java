package microdot.netty;

import io.netty.channel.ChannelHandlerContext;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import microdot.Body;
import microdot.HttpException;
import microdot.Request;
import microdot.Response;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/** One request and its answer; its connection does the writing. */
final class Exchange implements Runnable {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final HttpConnection connection;
    private final HandlerThreads handlers;
    private final StreamLimits admission;
    private final ServerOptions options;
    private final ChannelHandlerContext ctx;
    private final ParsedRequest.Whole incoming;

    // Once it is a stream.
    private @Nullable ChannelSink out;
    private Body.@Nullable StreamWriter writer;

    Exchange(
            HttpConnection connection,
            HandlerThreads handlers,
            StreamLimits admission,
            ServerOptions options,
            ChannelHandlerContext ctx,
            ParsedRequest.Whole incoming) {
        this.connection = connection;
        this.handlers = handlers;
        this.admission = admission;
        this.options = options;
        this.ctx = ctx;
        this.incoming = incoming;
    }

    /**
     * Begins on the event loop, and starts itself on a virtual thread where something may block.
     * The thread goes on into the stream's writer from here, with few frames below and small ones:
     * a handler's stream keeps them for as long as it lives.
     */
    @Override
    public void run() {
        if (writer == null && !serve()) {
            return;
        }
        Throwable failure = null;
        try {
            Objects.requireNonNull(writer).writeTo(Objects.requireNonNull(out));
        } catch (Throwable e) {
            failure = e;
        }
        written(Objects.requireNonNull(out), failure);
    }

    private void written(ChannelSink sink, @Nullable Throwable failure) {
        if (failure != null) {
            LOG.log(Level.ERROR, "the body of " + incoming.request() + " failed", failure);
            sink.abort();
        } else if (!sink.isFed()) {
            sink.end();
        }
    }

    /** Answers, or begins a stream; true when this thread is to go on into its writer. */
    private boolean serve() {
        try {
            Response response = handle(incoming.request());
            if (response == null) {
                handlers.start(this);
                return false;
            }
            if (response.body() instanceof Body.Stream stream && takesBody(response)) {
                if (admission.enter(client())) {
                    writer = stream.writer();
                    return begin(response);
                }
                response = admission.refusal(incoming.request(), response);
            }
            answer(response);
        } catch (RuntimeException | Error e) {
            // The client would wait for ever for the answer.
            LOG.log(Level.ERROR, incoming.request() + " could not be answered", e);
            connection.cut();
        }
        return false;
    }

    private @Nullable Response handle(Request request) {
        boolean onLoop = ctx.executor().inEventLoop();
        return onLoop ? handlers.handleAtOnce(request) : handlers.handle(request);
    }

    private boolean takesBody(Response response) {
        return !incoming.headOnly() && !ResponseWriter.isBodiless(response);
    }

    private void answer(Response response) {
        ResponseWriter writer = open(response);
        if (!onLoop(() -> connection.answer(ctx, incoming, writer))) {
            writer.release();
        }
    }

    private InetAddress client() {
        return incoming.request().clientAddress().getAddress();
    }

    private ResponseWriter open(Response response) {
        try {
            return new ResponseWriter(response);
        } catch (IOException e) {
            LOG.log(Level.ERROR, incoming.request() + ": its body cannot be opened", e);
            return ResponseWriter.of(new HttpException(500));
        }
    }

    private boolean begin(Response response) {
        ChannelSink sink = connection.sink(ctx, incoming);
        // Ahead of the head: the server may end it before the writer comes to say it.
        Function<Duration, byte[]> closingFrames = Objects.requireNonNull(writer).closingFrames();
        if (closingFrames != null) {
            sink.closingFrames(closingFrames);
        }
        sink.onClose(leaving(admission, client()));
        limitAge(sink);
        ResponseWriter writer = open(response);
        out = sink;
        if (!onLoop(() -> connection.beginStream(ctx, incoming, writer, sink))) {
            sink.closed();
            return false;
        }
        if (!sink.isOnLoop()) {
            return true;
        }
        if (!onLoop(this)) { // Behind the head.
            sink.closed();
        }
        return false;
    }

    // Static, because a stream that follows topics has no more use for its request, and thousands
    // of them would each keep one.
    private static Runnable leaving(StreamLimits admission, InetAddress client) {
        return () -> admission.leave(client);
    }

    private void limitAge(ChannelSink out) {
        long most = options.maxStreamAge().toMillis();
        if (most > 0) {
            long age = most - ThreadLocalRandom.current().nextLong(most / 5 + 1);
            out.endAt(Instant.now().plusMillis(age));
        }
    }

    /** False when the server has stopped, and with it the connection. */
    private boolean onLoop(Runnable task) {
        try {
            ctx.executor().execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, () -> incoming.request() + " came to its end too late");
            return false;
        }
    }
}
