package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.internal.Quoted;

/**
 * What the filters of each route failed on, and how many of their calls are overdue, for all
 * clients of the topics. Thread-safe.
 */
final class FilterFailures {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** So many calls of a route may be stuck, beside those that are not overdue yet. */
    static final int MOST_STUCK = 64;

    private static final int REMEMBERED = 1024;

    private final Set<Failure> logged = ConcurrentHashMap.newKeySet();
    private final Set<String> loggedAsStuck = ConcurrentHashMap.newKeySet();

    // Event loops read it: an entry is never removed, so that a read never waits for a change.
    private final AtomicInteger stuckOfAll = new AtomicInteger();
    private final Map<String, AtomicInteger> stuck = new ConcurrentHashMap<>();

    private record Failure(String route, long position) {}

    /** Logs, once for each event and route, that a filter failed on it. */
    void failed(String route, String topic, String id, long position, Throwable failure) {
        if (logged.size() >= REMEMBERED) {
            logged.clear();
        }
        if (logged.add(new Failure(route, position))) {
            LOG.log(
                    Level.ERROR,
                    "the filter of "
                            + route
                            + " failed on event "
                            + id
                            + " of topic "
                            + Quoted.whole(topic)
                            + "; its clients get a gap instead of the event",
                    failure);
        }
    }

    /** A call is overdue and was interrupted; {@link #returned} follows when it returns. */
    void isOverdue(String route) {
        AtomicInteger known = stuck.get(route);
        (known == null ? added(route) : known).incrementAndGet();
        stuckOfAll.incrementAndGet();
    }

    private AtomicInteger added(String route) {
        return stuck.computeIfAbsent(route, key -> new AtomicInteger());
    }

    void returned(String route) {
        AtomicInteger known = stuck.get(route);
        (known == null ? added(route) : known).decrementAndGet();
        stuckOfAll.decrementAndGet();
    }

    /** Returns whether so many calls have not returned that a route may have too many. */
    boolean mayBeTooMany() {
        return stuckOfAll.get() >= MOST_STUCK;
    }

    /** Returns how many overdue calls of the route have not returned. */
    int stuck(String route) {
        AtomicInteger known = stuck.get(route);
        return known == null ? 0 : known.get();
    }

    /** Logs, once for each route, that a client is disconnected because calls do not return. */
    void disconnected(String route) {
        if (loggedAsStuck.add(route)) {
            LOG.log(
                    Level.ERROR,
                    "calls of the filter of "
                            + route
                            + " exceeded userCodeTimeout and ignore their interrupt; clients are"
                            + " disconnected so that no more threads are taken");
        }
    }
}
