package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import microdot.Body;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.HttpException;
import microdot.Request;
import microdot.internal.BriefLock;
import microdot.internal.RefusedValueException;
import org.jspecify.annotations.Nullable;

/**
 * Ties a handler's thread to the life of its stream. The thread is interrupted at most once, and
 * only while the handler runs: a later interrupt would hit whatever the thread does next. The
 * stream keeps this object to its end, however long the stream continues without the thread.
 */
final class HandlerLife extends BriefLock {
    private static final Logger LOG = System.getLogger("microdot.sse");
    private static final Duration LATE = Duration.ofSeconds(30);

    /** Null when the handler must not be interrupted any more. */
    private @Nullable Thread thread = Thread.currentThread();

    private boolean cancelled;

    /** Whether the handler itself closed the stream: nothing interrupts it then. */
    private boolean closedItself;

    private HandlerLife() {}

    /**
     * Begins on the handler's thread. Returns null when the stream has ended already: the handler
     * must not start, because nothing would interrupt it.
     */
    static @Nullable HandlerLife begin(BodySink sink, Request request) throws InterruptedException {
        if (HeartbeatEvents.areWanted(request, sink)) {
            HeartbeatEvents.begin(sink);
        } else {
            sink.keepAlive(() -> EventEncoder.HEARTBEAT);
        }
        var life = new HandlerLife();
        sink.onClose(life::cancel);
        if (life.isCancelled()) {
            life.finish();
            return null;
        }
        return life;
    }

    /**
     * The handler has returned or failed.
     *
     * @param rest continues the stream after a return; null when the return ends it
     */
    void end(
            BodySink sink,
            Request request,
            @Nullable Throwable failure,
            Body.@Nullable StreamWriter rest)
            throws Exception {
        boolean wasCancelled = finish();
        if (failure != null && isFailureAfterOwnClose(failure)) {
            LOG.log(
                    Level.ERROR,
                    "the handler of " + request + " failed after it had closed its stream",
                    failure);
        } else if (failure != null && wasCancelled) {
            LOG.log(Level.DEBUG, () -> request + " was cancelled", failure);
        } else if (failure instanceof HttpException late) {
            answerLate(sink, request, late);
        } else if (failure instanceof RefusedValueException late && late.isFaultOf(request)) {
            answerLate(sink, request, new HttpException(400, late.getMessage()));
        } else if (failure != null) {
            LOG.log(Level.ERROR, "the event stream " + request + " failed", failure);
            sink.failed(failure);
            sink.abort(CloseReason.HANDLER_FAILED);
        } else if (!wasCancelled && rest != null) {
            rest.writeTo(sink);
        } else if (!wasCancelled) {
            sink.end();
        }
    }

    /**
     * The head with status 200 is sent, so the status cannot be. Without a delay the browser would
     * ask again every few seconds, for ever.
     */
    private static void answerLate(BodySink sink, Request request, HttpException failure)
            throws InterruptedException {
        LOG.log(
                Level.WARNING,
                request
                        + ": HttpException "
                        + failure.status()
                        + " came after the head of the stream; the client got 200 and reconnects"
                        + " after about 30 s. Check before the stream, and return sseResponse");
        try {
            sink.write(Retry.about(LATE));
        } catch (ClosedChannelException e) {
            LOG.log(Level.DEBUG, () -> request + " was cancelled", e);
        }
        sink.failed(failure);
        sink.end(CloseReason.HANDLER_FAILED);
    }

    /** Runs on a thread of the transport, or on the thread that closed the stream. */
    private void cancel() {
        lock();
        try {
            cancelled = true;
            Thread running = thread;
            // A handler that closed its own stream must not be interrupted afterwards.
            closedItself = running == Thread.currentThread();
            if (running != null && !closedItself) {
                thread = null;
                running.interrupt();
            }
        } finally {
            unlock();
        }
    }

    /** A later send throws, and a stopping server interrupts: neither is a fault of the handler. */
    private boolean isFailureAfterOwnClose(Throwable failure) {
        return hasClosedItself()
                && !(failure instanceof StreamClosedException)
                && !(failure instanceof InterruptedException);
    }

    private boolean hasClosedItself() {
        lock();
        try {
            return closedItself;
        } finally {
            unlock();
        }
    }

    private boolean isCancelled() {
        lock();
        try {
            return cancelled;
        } finally {
            unlock();
        }
    }

    /** Returns whether the stream ended before the handler did. */
    private boolean finish() {
        lock();
        try {
            thread = null;
            if (cancelled) {
                Thread.interrupted();
            }
            return cancelled;
        } finally {
            unlock();
        }
    }
}
