package microdot.netty.http;

import microdot.netty.body.IncomingBody;
import microdot.netty.exchange.Exchange;
import microdot.netty.limits.RequestMemory;

/** The request whose handler runs, until its response or its stream begins. On the event loop. */
final class HandledRequest {
    private final ParsedRequest.Accepted request;
    private final Exchange exchange;
    private boolean overBudget;

    HandledRequest(ParsedRequest.Accepted request, Exchange exchange) {
        this.request = request;
        this.exchange = exchange;
    }

    Exchange exchange() {
        return exchange;
    }

    /** Returns what its body and its head, if that is large, take in memory. */
    long memory() {
        IncomingBody body = request.body();
        long head = request.memory() > RequestMemory.LARGE_HEAD ? request.memory() : 0;
        return head + (body == null ? 0 : body.memory());
    }

    boolean has(IncomingBody body) {
        return body == request.body();
    }

    /** Rejects the body, because {@code maxMemory} is reached; the handler answers. */
    void rejectBody(IncomingBody body, int status, String reason) {
        overBudget = true;
        body.fail(status, reason);
    }

    boolean isOverBudget() {
        return overBudget;
    }
}
