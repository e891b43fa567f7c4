package microdot.testing;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import microdot.Body;
import microdot.Call;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Outcome;
import microdot.Request;
import microdot.Response;
import org.jspecify.annotations.Nullable;

/**
 * One request on its own virtual thread. For a stream, the thread goes on into the stream's writer,
 * as in a server.
 */
final class Exchange {
    private static final int SHOWN_FRAMES = 8;

    private final CompletableFuture<Response> response = new CompletableFuture<>();
    private final CompletableFuture<Call> call = new CompletableFuture<>();
    private final CloseActions closeActions = new CloseActions();
    private final Thread thread;

    /**
     * Starts the request.
     *
     * @param request builds it; may throw {@link HttpException} for a malformed target
     * @param sink receives the body if the response is a stream; null to leave a stream unread
     */
    Exchange(Microdot app, Supplier<Request> request, @Nullable StreamSink sink) {
        thread = Thread.ofVirtual().name("test-handler").start(() -> run(app, request, sink));
    }

    private void run(Microdot app, Supplier<Request> request, @Nullable StreamSink sink) {
        try {
            long begun = System.nanoTime();
            Call routed = route(app, request);
            try {
                Response answer = routed.run();
                observe(routed, answer, sink, begun);
                if (sink != null && answer.body() instanceof Body.Stream) {
                    routed.streams(sink);
                }
                response.complete(answer);
                if (sink != null && answer.body() instanceof Body.Stream stream) {
                    sink.run(stream);
                }
            } finally {
                Runnable release = routed.release();
                if (release != null) {
                    release.run();
                }
            }
        } catch (HttpException e) {
            // A server rejects a malformed target before the application sees it.
            call.completeExceptionally(e);
            String text = String.valueOf(e.getMessage());
            response.complete(Response.text(text).status(e.status()));
        } catch (Throwable e) {
            call.completeExceptionally(e);
            response.completeExceptionally(e);
        }
    }

    /** Runs the hooks for the end of the response; they have run when the test has a response. */
    private static void observe(Call routed, Response answer, @Nullable StreamSink sink, long begun)
            throws InterruptedException {
        if (!routed.isObserved()) {
            return;
        }
        if (answer.body() instanceof Body.Stream && sink != null) {
            sink.afterClose(() -> routed.runAfterResponse(sink.outcome(answer.status(), begun)));
            return;
        }
        long bytes = answer.body() instanceof Body.Bytes body ? body.bytes().length : 0;
        Duration duration = Duration.ofNanos(System.nanoTime() - begun);
        var outcome = new Outcome(answer.status(), bytes, 0, duration, null, routed.error());
        Thread.ofVirtual()
                .name("test-after-response")
                .start(() -> routed.runAfterResponse(outcome))
                .join();
    }

    private Call route(Microdot app, Supplier<Request> request) {
        Call routed = app.route(request.get());
        call.complete(routed);
        return routed;
    }

    /**
     * Waits for the response.
     *
     * @param request names it in messages
     */
    Response await(String request, Duration patience) {
        try {
            return response.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for the response to " + request, e);
        } catch (ExecutionException e) {
            throw new AssertionError(request + " failed", e.getCause());
        } catch (TimeoutException e) {
            String where = where();
            thread.interrupt();
            throw new AssertionError(
                    request + " has no response after " + patience + "; its handler is at" + where,
                    e);
        }
    }

    /** Waits for something; returns whether it came. */
    interface Condition {
        boolean await() throws InterruptedException;
    }

    /**
     * Waits for something.
     *
     * @param otherwise begins the message when it does not come; the place of the handler ends it
     * @throws AssertionError when it does not come
     */
    void expect(String otherwise, Condition condition) {
        try {
            if (!condition.await()) {
                throw new AssertionError(otherwise + where());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted; " + otherwise, e);
        }
    }

    /** The client leaves. Returns whether what the request runs then ended within the time. */
    boolean leave(boolean interrupt, Duration time) throws InterruptedException {
        try {
            call.get(time.toNanos(), TimeUnit.NANOSECONDS)
                    .clientLeft(closeActions::addBlocking, interrupt);
        } catch (ExecutionException e) {
            return true; // No handler runs: its target is malformed.
        } catch (TimeoutException e) {
            return false;
        }
        closeActions.run();
        return closeActions.awaitFinished(time);
    }

    /** Returns whether the thread ended within the time. */
    boolean awaitHandler(Duration time) throws InterruptedException {
        return thread.join(time);
    }

    /** Returns whether the thread has ended. */
    boolean hasEnded() {
        return !thread.isAlive();
    }

    /** Returns whether the handler sleeps for a time. */
    boolean isAsleep() {
        return Arrays.stream(thread.getStackTrace())
                .limit(SHOWN_FRAMES)
                .anyMatch(
                        frame ->
                                frame.getClassName().equals(Thread.class.getName())
                                        && frame.getMethodName().equals("sleep"));
    }

    /** The top of the handler's stack, for a message. */
    String where() {
        return Arrays.stream(thread.getStackTrace())
                .limit(SHOWN_FRAMES)
                .map(frame -> "\n    " + frame)
                .collect(Collectors.joining());
    }
}
