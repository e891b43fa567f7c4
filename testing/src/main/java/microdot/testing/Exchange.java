package microdot.testing;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import microdot.Body;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import org.jspecify.annotations.Nullable;

/**
 * One request on a virtual thread of its own, which for a stream goes on into its writer, as in a
 * server.
 */
final class Exchange {
    private static final int SHOWN_FRAMES = 8;

    private final CompletableFuture<Response> head = new CompletableFuture<>();
    private final Thread thread;

    /**
     * Begins.
     *
     * @param sink takes the answer if that is a stream; null when nobody reads one
     */
    Exchange(Microdot app, TestRequest request, @Nullable StreamSink sink) {
        thread = Thread.ofVirtual().name("test-handler").start(() -> run(app, request, sink));
    }

    private void run(Microdot app, TestRequest request, @Nullable StreamSink sink) {
        try {
            Response response = handle(app, request);
            head.complete(response);
            if (sink != null && response.body() instanceof Body.Stream stream) {
                sink.run(stream);
            }
        } catch (Throwable e) {
            head.completeExceptionally(e);
        }
    }

    private static Response handle(Microdot app, TestRequest test) {
        Request request;
        try {
            request = test.build();
        } catch (HttpException e) {
            // A server refuses a malformed target before the application sees it.
            return Response.text(String.valueOf(e.getMessage())).status(e.status());
        }
        return app.route(request).run();
    }

    Response head(Object request, Duration patience) {
        try {
            return head.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for the answer to " + request, e);
        } catch (ExecutionException e) {
            throw new AssertionError(request + " failed", e.getCause());
        } catch (TimeoutException e) {
            String where = where();
            thread.interrupt();
            throw new AssertionError(
                    request + " has no answer after " + patience + "; its handler is at" + where,
                    e);
        }
    }

    /** Whether the thread has ended within the time. */
    boolean awaitHandler(Duration time) throws InterruptedException {
        return thread.join(time);
    }

    /** Where the handler stands, for a message. */
    String where() {
        return Arrays.stream(thread.getStackTrace())
                .limit(SHOWN_FRAMES)
                .map(frame -> "\n    " + frame)
                .collect(Collectors.joining());
    }
}
