package microdot.sse;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.BiPredicate;
import microdot.Request;
import microdot.internal.RouteName;
import microdot.sse.log.Frame;

/** A follower's filter. It is user code, and so never called on an event loop. Thread-safe. */
final class FollowerFilter {
    // No lock, because event loops read it; no second object for each follower.
    private static final AtomicIntegerFieldUpdater<FollowerFilter> STUCK =
            AtomicIntegerFieldUpdater.newUpdater(FollowerFilter.class, "stuck");

    /** So many overdue calls of a client may go without a return before its stream ends. */
    private static final int MOST_STUCK = 3;

    private final Request request;
    private final BiPredicate<Request, Event> filter;
    private final FilterFailures failures;
    private volatile int stuck; // Changed by STUCK.

    /**
     * @param failures shared by all clients of the topics
     */
    FollowerFilter(Request request, BiPredicate<Request, Event> filter, FilterFailures failures) {
        this.request = request;
        this.filter = filter;
        this.failures = failures;
    }

    boolean accepts(Frame frame) {
        return filter.test(request, EventParser.parseOne(frame.bytes(), frame.from(), frame.to()));
    }

    /** Logs, once for each event of a route, that the filter failed on it. */
    void failed(String topic, String id, long position, Throwable failure) {
        failures.failed(route(), topic, id, position, failure);
    }

    /** A call is overdue and was interrupted; {@link #returned} follows when it returns. */
    void isOverdue() {
        STUCK.incrementAndGet(this);
        failures.isOverdue(route());
    }

    void returned() {
        STUCK.decrementAndGet(this);
        failures.returned(route());
    }

    /**
     * Returns whether too many overdue calls of this client, or of the route, have not returned:
     * each holds a thread, and another call might hold one more.
     */
    boolean isStuck() {
        return stuck >= MOST_STUCK
                // The name of the route is made only if it may matter.
                || (failures.mayBeTooMany()
                        && failures.stuck(route()) >= FilterFailures.MOST_STUCK);
    }

    /** Logs, once for each route, that a client is disconnected because the filter is stuck. */
    void disconnected() {
        failures.disconnected(route());
    }

    private String route() {
        return RouteName.of(request);
    }
}
