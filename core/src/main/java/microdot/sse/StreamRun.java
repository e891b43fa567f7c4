package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import microdot.BodySink;
import microdot.Request;

/**
 * One run of a handler: ties its thread's life to the stream's. The thread is interrupted at most
 * once, and only while the handler runs: an interrupt after it would hit whatever the thread does
 * next.
 */
final class StreamRun {
    private static final Logger LOG = System.getLogger("microdot.sse");
    private static final byte[] HEARTBEAT = EventEncoder.comment("");

    private final Request request;
    private final BodySink sink;
    private final SseHandler handler;
    private final Thread thread = Thread.currentThread();
    private boolean running = true;
    private boolean cancelled;

    StreamRun(Request request, BodySink sink, SseHandler handler) {
        this.request = request;
        this.sink = sink;
        this.handler = handler;
    }

    void run() throws Exception {
        sink.keepAlive(() -> HEARTBEAT);
        sink.farewell(Retry::in);
        sink.onClose(this::cancel);
        if (isCancelled()) {
            // The client left before its handler could begin, and nobody would interrupt it any
            // more.
            finish();
            return;
        }
        try {
            handler.handle(request, new Sse(request, sink));
        } catch (Throwable error) {
            if (finish()) {
                LOG.log(Level.DEBUG, () -> request + " was cancelled", error);
                return;
            }
            LOG.log(Level.ERROR, "the event stream " + request + " failed", error);
            sink.abort();
            return;
        }
        finish();
        sink.end();
    }

    /** Runs on a thread of the transport, or on the one that closed the stream. */
    private synchronized void cancel() {
        cancelled = true;
        // A handler that closed its own stream is not to be interrupted in what it does after.
        if (running && Thread.currentThread() != thread) {
            running = false;
            thread.interrupt();
        }
    }

    private synchronized boolean isCancelled() {
        return cancelled;
    }

    /** Whether the stream had ended before the handler did. */
    private synchronized boolean finish() {
        running = false;
        if (cancelled) {
            Thread.interrupted();
        }
        return cancelled;
    }
}
