package microdot.netty.limits;

import java.util.concurrent.atomic.AtomicInteger;
import microdot.ServerOptions;

/** Limits the number of requests that are handled at the same time. Thread-safe. */
public final class RequestLimit {
    private final int max;
    private final AtomicInteger requests = new AtomicInteger();

    /** Creates the limit of a server. */
    public RequestLimit(ServerOptions options) {
        this.max = options.maxRequests();
    }

    /** Counts a request if one is allowed; then {@link #leave} must follow. */
    public boolean enter() {
        if (requests.incrementAndGet() > max) {
            requests.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Returns the number of requests that are being handled. */
    public int size() {
        return requests.get();
    }

    /** Counts a request as handled. */
    public void leave() {
        requests.decrementAndGet();
    }
}
