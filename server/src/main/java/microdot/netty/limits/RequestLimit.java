package microdot.netty.limits;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/** Limits the number of requests that are handled at the same time. Thread-safe. */
public final class RequestLimit {
    private final int max;
    private final AtomicInteger requests = new AtomicInteger();

    /** Creates the limit of a server. */
    public RequestLimit(ServerOptions options) {
        this.max = options.maxRequests();
    }

    /** Counts a request until its permit is returned; returns null if no further is allowed. */
    public @Nullable Permit enter() {
        if (requests.incrementAndGet() > max) {
            requests.decrementAndGet();
            return null;
        }
        return new Permit();
    }

    /** Counts a request beyond the limit too: further ones are rejected until it leaves. */
    public Permit count() {
        requests.incrementAndGet();
        return new Permit();
    }

    /** One request that counts. */
    public final class Permit {
        private final AtomicBoolean left = new AtomicBoolean();

        private Permit() {}

        /** Counts the request no longer. Later calls do nothing. */
        public void leave() {
            if (!left.getAndSet(true)) {
                requests.decrementAndGet();
            }
        }
    }

    /** Returns the number of requests that are being handled. */
    public int size() {
        return requests.get();
    }
}
