package microdot.netty.limits;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import microdot.Headers;
import microdot.Request;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.threads.WaitingThreads;
import microdot.sse.Sse;
import org.jspecify.annotations.Nullable;

/** Limits the number of open streams, in all and for each address. Thread-safe. */
public final class StreamLimits {
    private final ServerOptions options;
    private final ReconnectPacer pacer;
    private final AtomicInteger streams = new AtomicInteger();
    private final AddressCounter byAddress;
    private final LongAdder rejected = new LongAdder();
    private final WaitingThreads waiting = new WaitingThreads();
    private volatile boolean draining;
    private volatile int drained;

    public StreamLimits(ServerOptions options) {
        this.options = options;
        this.byAddress = new AddressCounter(options.maxStreamsPerAddress(), options);
        this.pacer = new ReconnectPacer(options.reconnectsPerSecond(), System.nanoTime());
    }

    /**
     * Returns whether another stream is allowed, and counts it. The caller must call {@link #leave}
     * when it ends.
     *
     * @param client null if it has no IP address
     */
    public boolean enter(@Nullable InetAddress client) {
        if (draining) {
            return false;
        }
        if (streams.incrementAndGet() <= options.maxStreams() && byAddress.enter(client)) {
            return true;
        }
        release();
        return false;
    }

    /** Counts a stream as ended. */
    public void leave(@Nullable InetAddress client) {
        byAddress.leave(client);
        release();
    }

    /** Signals when the number becomes 0, also if the stream was rejected. */
    private void release() {
        if (streams.decrementAndGet() == 0 && draining) {
            waiting.signal();
        }
    }

    /**
     * Returns the response that rejects a stream. It keeps the headers of the wanted response,
     * because a page cannot read a response without its CORS headers.
     */
    public Response rejection(Request request, Response wanted) {
        rejected.increment();
        Response rejection = Sse.rejectWithRetryAfter(request, reconnectDelay());
        // Chosen before the first one is added, so that a repeated field keeps all its values.
        var kept = new ArrayList<Map.Entry<String, String>>();
        wanted.headers()
                .forEach(
                        (name, value) -> {
                            if (!rejection.headers().contains(name)) {
                                kept.add(Map.entry(name, value));
                            }
                        });
        kept.forEach(field -> rejection.headers().add(field.getKey(), field.getValue()));
        return rejection;
    }

    /**
     * Returns the response that rejects a request of which perhaps only a part was read.
     *
     * @param accept the field {@code Accept}, if it was read
     */
    public Response rejection(@Nullable String accept) {
        var headers = new Headers();
        if (accept != null) {
            headers.set("Accept", accept);
        }
        var client = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var request = new Request("GET", "/", headers, new byte[0], client, "http");
        rejected.increment();
        return Sse.rejectWithRetryAfter(request, reconnectDelay());
    }

    /** Returns how many requests and streams were rejected. */
    public long rejected() {
        return rejected.sum();
    }

    /** Returns the number of open streams. */
    public int streams() {
        return streams.get();
    }

    /** Returns whether all further streams are rejected. */
    public boolean isDraining() {
        return draining;
    }

    /** Rejects all further streams. */
    public void drain() {
        drained = Math.max(drained, streams.get()); // Called again at the end of the grace time.
        draining = true;
    }

    /**
     * Waits, after {@link #drain}, until all streams have ended. Returns false if some have not
     * ended within the time.
     */
    public boolean awaitNone(Duration time) throws InterruptedException {
        return waiting.await(() -> streams.get() == 0, System.nanoTime() + time.toNanos());
    }

    /**
     * Returns the reconnect delay for the next rejected or disconnected client. Delays are spaced
     * to stay below {@link ServerOptions#reconnectsPerSecond}.
     */
    public Duration reconnectDelay() {
        return pacer.take(System.nanoTime(), Math.max(drained, streams.get()));
    }
}
