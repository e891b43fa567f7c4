package microdot.netty.http;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** The pipelined requests of one connection that wait for earlier responses. On its event loop. */
final class WaitingRequests {
    /** How many may wait before the connection is no longer read. */
    private static final int MAX = 64;

    /** How much memory they may take before that. */
    private static final int MAX_MEMORY = 256 << 10;

    private final Queue<ParsedRequest> requests = new ArrayDeque<>(2);
    private long heads; // What they take in memory without their bodies.

    void add(ParsedRequest request) {
        requests.add(request);
        heads += request.memory();
    }

    /** Takes the next request; null if none waits. */
    @Nullable ParsedRequest poll() {
        ParsedRequest next = requests.poll();
        if (next != null) {
            heads -= next.memory();
        }
        return next;
    }

    boolean isEmpty() {
        return requests.isEmpty();
    }

    void clear() {
        requests.clear();
        heads = 0;
    }

    /** Returns whether the connection is to be read no further. */
    boolean isFull() {
        return requests.size() >= MAX || memory() > MAX_MEMORY;
    }

    /** Returns the estimated memory of the requests and their bodies in bytes. */
    long memory() {
        long memory = heads;
        for (ParsedRequest request : requests) {
            if (request instanceof ParsedRequest.Accepted accepted && accepted.body() != null) {
                memory += accepted.body().memory();
            }
        }
        return memory;
    }
}
