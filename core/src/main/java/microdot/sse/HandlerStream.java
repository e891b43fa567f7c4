package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Function;
import microdot.Body;
import microdot.BodySink;
import microdot.Request;
import org.jspecify.annotations.Nullable;

/**
 * A body that a handler writes: ties its thread's life to the stream's. The thread is interrupted
 * at most once, and only while the handler runs: an interrupt after it would hit whatever the
 * thread does next.
 */
final class HandlerStream implements Body.StreamWriter {
    private static final Logger LOG = System.getLogger("microdot.sse");
    private static final byte[] HEARTBEAT = EventEncoder.comment("");

    private final Request request;
    private final SseHandler handler;
    private final Function<Duration, byte[]> closingFrames;
    private final Body.@Nullable StreamWriter rest;

    /**
     * @param closingFrames what is said last when the server ends the stream while the handler runs
     * @param rest writes the stream from where the handler returns; null when that is its end
     */
    HandlerStream(
            Request request,
            SseHandler handler,
            Function<Duration, byte[]> closingFrames,
            Body.@Nullable StreamWriter rest) {
        this.request = request;
        this.handler = handler;
        this.closingFrames = closingFrames;
        this.rest = rest;
    }

    /**
     * As long as the handler runs, its thread keeps this frame, one for each stream: what goes
     * before and comes after is therefore in methods too large for the compiler to put in here.
     */
    @Override
    public void writeTo(BodySink sink) throws Exception {
        Life life = begin(sink);
        if (life == null) {
            return;
        }
        Throwable failure = null;
        try {
            handler.handle(request, new Sse(request, sink, rest != null));
        } catch (Throwable e) {
            failure = e;
        }
        end(sink, life, failure);
    }

    @Override
    public Function<Duration, byte[]> closingFrames() {
        return closingFrames;
    }

    /** Null when the client left before its handler could begin: nobody would interrupt it. */
    private @Nullable Life begin(BodySink sink) {
        sink.keepAlive(() -> HEARTBEAT);
        sink.closingFrames(closingFrames);
        var life = new Life();
        sink.onClose(life::cancel);
        if (life.isCancelled()) {
            life.finish();
            return null;
        }
        return life;
    }

    private void end(BodySink sink, Life life, @Nullable Throwable failure) throws Exception {
        boolean cancelled = life.finish();
        if (failure != null && cancelled) {
            LOG.log(Level.DEBUG, () -> request + " was cancelled", failure);
        } else if (failure != null) {
            LOG.log(Level.ERROR, "the event stream " + request + " failed", failure);
            sink.abort();
        } else if (!cancelled && rest != null) {
            rest.writeTo(sink);
        } else if (!cancelled) {
            sink.end();
        }
    }

    /** The stream keeps it to its end, however long that goes on without the thread. */
    private static final class Life {
        /** Null when its handler is not to be interrupted any more. */
        private @Nullable Thread thread = Thread.currentThread();

        private boolean cancelled;

        /** Runs on a thread of the transport, or on the one that closed the stream. */
        synchronized void cancel() {
            cancelled = true;
            Thread running = thread;
            // A handler that closed its own stream is not to be interrupted in what it does after.
            if (running != null && running != Thread.currentThread()) {
                thread = null;
                running.interrupt();
            }
        }

        synchronized boolean isCancelled() {
            return cancelled;
        }

        /** Whether the stream had ended before the handler did. */
        synchronized boolean finish() {
            thread = null;
            if (cancelled) {
                Thread.interrupted();
            }
            return cancelled;
        }
    }
}
