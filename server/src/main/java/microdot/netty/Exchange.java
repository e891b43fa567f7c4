package microdot.netty;

import io.netty.channel.ChannelHandlerContext;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import microdot.Body;
import microdot.HttpException;
import microdot.Response;
import microdot.ServerOptions;

/** One request and its answer, on the request's virtual thread; its connection does the writing. */
final class Exchange implements Runnable {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final HttpConnection connection;
    private final Handlers handlers;
    private final Admission admission;
    private final ServerOptions options;
    private final ChannelHandlerContext ctx;
    private final Incoming.Whole incoming;

    Exchange(
            HttpConnection connection,
            Handlers handlers,
            Admission admission,
            ServerOptions options,
            ChannelHandlerContext ctx,
            Incoming.Whole incoming) {
        this.connection = connection;
        this.handlers = handlers;
        this.admission = admission;
        this.options = options;
        this.ctx = ctx;
        this.incoming = incoming;
    }

    @Override
    public void run() {
        try {
            serve();
        } catch (RuntimeException | Error e) {
            // The client would wait for ever for the answer.
            LOG.log(Level.ERROR, incoming.request() + " could not be answered", e);
            connection.fail();
        }
    }

    private void serve() {
        Response response = handlers.handle(incoming.request());
        boolean streams = streams(response);
        if (streams && !admission.enter(client())) {
            response = admission.refusal(incoming.request(), response);
            streams = false;
        }
        if (streams && response.body() instanceof Body.Stream stream) {
            stream(response, stream);
            return;
        }
        ResponseWriter writer = open(response);
        if (!onLoop(() -> connection.answer(ctx, incoming, writer))) {
            writer.release();
        }
    }

    private boolean streams(Response response) {
        return response.body() instanceof Body.Stream
                && !incoming.headOnly()
                && !ResponseWriter.isBodiless(response);
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

    /** The thread goes on into the stream's writer. */
    private void stream(Response response, Body.Stream stream) {
        ChannelSink out = connection.sink(ctx, incoming);
        out.onClose(leaving(admission, client()));
        limitAge(out);
        ResponseWriter writer = open(response);
        if (!onLoop(() -> connection.beginStream(ctx, incoming, writer, out))) {
            out.closed();
            return;
        }
        try {
            stream.writer().writeTo(out);
            if (!out.isFed()) {
                out.end();
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "the body of " + incoming.request() + " failed", e);
            out.abort();
        }
    }

    // Static, because a stream that follows topics has no more use for its request, and thousands
    // of
    // them would each keep one.
    private static Runnable leaving(Admission admission, InetAddress client) {
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
