package microdot.netty.limits;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;

/**
 * Limits the number of requests that are handled at the same time, in all and for each address.
 * Thread-safe.
 */
public final class RequestLimit {
    private final int max;
    private final AddressCounter byAddress;
    private final AtomicInteger requests = new AtomicInteger();

    /** Creates the limit of a server. */
    public RequestLimit(ServerOptions options) {
        this.max = options.maxRequests();
        this.byAddress = new AddressCounter(options.maxRequestsPerAddress(), options);
    }

    /**
     * Counts a request until its permit is returned; returns null if no further is allowed.
     *
     * @param client null if it has no IP address
     */
    public @Nullable Permit enter(@Nullable InetAddress client) {
        if (requests.incrementAndGet() <= max && byAddress.enter(client)) {
            return new Permit(client);
        }
        requests.decrementAndGet();
        return null;
    }

    /** Counts a request beyond the limits too: further ones are rejected until it leaves. */
    public Permit count() {
        requests.incrementAndGet();
        return new Permit(null);
    }

    /** One request that counts. */
    public final class Permit {
        private final @Nullable InetAddress client;
        private final AtomicBoolean left = new AtomicBoolean();

        private Permit(@Nullable InetAddress client) {
            this.client = client;
        }

        /** Counts the request no longer. Later calls do nothing. */
        public void leave() {
            if (!left.getAndSet(true)) {
                byAddress.leave(client);
                requests.decrementAndGet();
            }
        }
    }

    /** Returns the number of requests that are being handled. */
    public int size() {
        return requests.get();
    }
}
