package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiPredicate;
import microdot.Request;
import microdot.sse.log.Frame;

/** A follower's filter. It is user code, and so never called on an event loop. */
final class FollowerFilter {
    private static final Logger LOG = System.getLogger("microdot.sse");

    private final Request request;
    private final BiPredicate<Request, Event> filter;
    private final Failures failures;

    /** The events on which the filter of a route failed, for whichever client. */
    static final class Failures {
        private static final int REMEMBERED = 1024;

        private final Set<Long> positions = ConcurrentHashMap.newKeySet();

        /** Returns whether this is the event's first failure, as far as is remembered. */
        boolean isFirst(long position) {
            if (positions.size() >= REMEMBERED) {
                positions.clear();
            }
            return positions.add(position);
        }
    }

    /**
     * @param failures shared by all clients of a route, so that an event is logged once
     */
    FollowerFilter(Request request, BiPredicate<Request, Event> filter, Failures failures) {
        this.request = request;
        this.filter = filter;
        this.failures = failures;
    }

    boolean accepts(Frame frame) {
        return filter.test(request, EventParser.parseOne(frame.bytes(), frame.from(), frame.to()));
    }

    /** Logs, once for each event, that the filter failed on it. */
    void failed(String topic, String id, long position, Throwable failure) {
        if (failures.isFirst(position)) {
            LOG.log(
                    Level.ERROR,
                    "the filter of "
                            + request
                            + " failed on event "
                            + id
                            + " of topic \""
                            + topic
                            + "\"; its clients get a gap instead of the event",
                    failure);
        }
    }
}
