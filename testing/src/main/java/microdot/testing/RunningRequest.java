package microdot.testing;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.function.Consumer;
import microdot.Body;
import microdot.JsonCodec;
import microdot.Response;
import microdot.ServerOptions;

/**
 * A request whose response the test does not wait for yet, so that its client can leave meanwhile.
 * Every method may be called from any thread.
 */
public final class RunningRequest {
    private final String request;
    private final boolean head;
    private final Exchange exchange;
    private final Consumer<Response> seen;
    private final JsonCodec codec;
    private final Duration patience;

    RunningRequest(
            String request,
            boolean head,
            Exchange exchange,
            Consumer<Response> seen,
            JsonCodec codec,
            Duration patience) {
        this.request = request;
        this.head = head;
        this.exchange = exchange;
        this.seen = seen;
        this.codec = codec;
        this.patience = patience;
    }

    /**
     * Waits for the whole response.
     *
     * @throws AssertionError when no response arrives in time, when the response is a stream of
     *     events, or when the writer of {@link Response#stream} fails
     */
    public TestResponse response() {
        Response response = exchange.await(request, patience);
        seen.accept(response);
        if (head || !(response.body() instanceof Body.Stream body)) {
            return TestResponse.of(response, !head, codec);
        }
        if ("text/event-stream".equals(response.headers().get("Content-Type"))) {
            throw new AssertionError(
                    request + " answers with a stream (expected: a call of stream)");
        }
        return TestResponse.of(response, written(body), codec);
    }

    private byte[] written(Body.Stream body) {
        var bytes = new ByteArrayOutputStream();
        var received = new Received(patience, bytes);
        var sink = new StreamSink(received, false, new VirtualClock(), new ServerOptions());
        Thread.ofVirtual().name("test-body").start(() -> sink.run(body));
        if (received.awaitEnd() != StreamEnd.RETURNED) {
            throw new AssertionError(
                    request + ": the writer of the body failed after " + bytes.size() + " bytes");
        }
        return bytes.toByteArray();
    }

    /**
     * The client leaves: {@link microdot.Request#isOpen} becomes false, and the actions of {@link
     * microdot.Request#onClose} have run when this returns. The handler is not interrupted, as in a
     * server with the default options.
     *
     * @throws AssertionError when an action does not end
     */
    public void leave() {
        leave(false);
    }

    /**
     * The client leaves, and a handler of GET or HEAD is interrupted, as in a server with {@link
     * microdot.ServerOptions#interruptAbandoned}.
     *
     * @throws AssertionError when an action does not end
     */
    public void leaveAndInterrupt() {
        leave(true);
    }

    private void leave(boolean interrupt) {
        exchange.expect(
                "an onClose action of " + request + " still runs; the handler is at",
                () -> exchange.leave(interrupt, patience));
    }

    /**
     * Waits for the end of the handler.
     *
     * @throws AssertionError when it does not end; the message contains its stack
     */
    public void awaitHandler() {
        exchange.expect(
                "the handler of " + request + " still runs, at",
                () -> exchange.awaitHandler(patience));
    }
}
