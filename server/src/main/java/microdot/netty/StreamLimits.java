package microdot.netty;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import microdot.Request;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.Sse;

/** Who may have a stream: counts those that are open. Of any thread. */
final class StreamLimits {
    private final ServerOptions options;
    private final ReconnectPacer returns;
    private final AtomicInteger streams = new AtomicInteger();
    private final Map<InetAddress, Integer> byAddress = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition none = lock.newCondition();
    private volatile boolean draining;
    private volatile int leaving;

    StreamLimits(ServerOptions options) {
        this.options = options;
        this.returns = new ReconnectPacer(options.reconnectsPerSecond(), System.nanoTime());
    }

    /** Takes a place; who has got one gives it back by {@link #leave}. */
    boolean enter(InetAddress client) {
        if (draining) {
            return false;
        }
        if (streams.incrementAndGet() > options.maxStreams()) {
            streams.decrementAndGet();
            return false;
        }
        if (isCounted(client)
                && byAddress.merge(client, 1, Integer::sum) > options.maxStreamsPerAddress()) {
            leave(client);
            return false;
        }
        return true;
    }

    void leave(InetAddress client) {
        if (streams.decrementAndGet() == 0 && draining) {
            signalNone();
        }
        if (isCounted(client)) {
            byAddress.computeIfPresent(client, (address, count) -> count == 1 ? null : count - 1);
        }
    }

    // Behind a proxy on the same machine all clients would look like one.
    private boolean isCounted(InetAddress client) {
        return options.maxStreamsPerAddress() > 0 && !client.isLoopbackAddress();
    }

    /**
     * What is answered in place of the stream. Its headers stay: without those of CORS a page could
     * not read it.
     */
    Response refusal(Request request, Response wanted) {
        Response refusal = Sse.rejectWithRetryAfter(request, reconnectDelay());
        // Chosen before the first is added: of a field that comes twice both stay.
        var kept = new ArrayList<Map.Entry<String, String>>();
        wanted.headers()
                .forEach(
                        (name, value) -> {
                            if (!refusal.headers().contains(name)) {
                                kept.add(Map.entry(name, value));
                            }
                        });
        kept.forEach(field -> refusal.headers().add(field.getKey(), field.getValue()));
        return refusal;
    }

    int streams() {
        return streams.get();
    }

    void drain() {
        leaving = Math.max(leaving, streams.get()); // Asked again when the grace is over.
        draining = true;
    }

    /** Waits, while nobody is let in, until all have left; false when they did not in time. */
    boolean awaitNone(Duration time) throws InterruptedException {
        lock.lock();
        try {
            long left = time.toNanos();
            while (streams.get() > 0 && left > 0) {
                left = none.awaitNanos(left);
            }
            return streams.get() == 0;
        } finally {
            lock.unlock();
        }
    }

    private void signalNone() {
        lock.lock();
        try {
            none.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** How long one more who is sent away shall wait, so that not too many come at once. */
    Duration reconnectDelay() {
        return returns.take(System.nanoTime(), Math.max(leaving, streams.get()));
    }
}
