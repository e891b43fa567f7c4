package microdot.netty.threads;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the handlers that hold carrier threads, and warns about each route once. */
final class CarrierHolders {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final Set<String> warned = new HashSet<>();
    private Set<UserCode> before = Set.of();
    private boolean warnedOfOthers;

    /** Warns about what holds a carrier thread now and did at the last look. */
    void warn(Iterable<? extends ServerThreads> servers) {
        for (UserCode code : look(servers)) {
            Thread thread = code.thread();
            if (thread != null && warned.add(code.route())) {
                LOG.log(
                        Level.WARNING,
                        () ->
                                code.route()
                                        + " holds a carrier thread, and no other virtual thread got"
                                        + " its turn for 200 ms; wrap its handler in"
                                        + " Microdot.blocking",
                        new ThreadStack(thread));
            }
        }
    }

    /** Warns once that something else than handlers holds all carrier threads. */
    void warnOfOthers() {
        if (before.isEmpty() && !warnedOfOthers) {
            warnedOfOthers = true;
            LOG.log(
                    Level.WARNING,
                    "no virtual thread got its turn for a second, and no handler holds a carrier"
                            + " thread: a filter, a snapshot or the application's own virtual"
                            + " threads may");
        }
    }

    /** Returns what holds a carrier thread now and did at the last look. */
    List<UserCode> look(Iterable<? extends ServerThreads> servers) {
        Set<UserCode> now = new HashSet<>();
        for (ServerThreads server : servers) {
            for (UserCode code : server.running()) {
                if (isMounted(code.thread())) {
                    now.add(code);
                }
            }
        }
        var both = new ArrayList<UserCode>(now);
        both.removeIf(code -> !before.contains(code));
        before = now;
        return both;
    }

    /** Releases what the last look found. */
    void forget() {
        before = Set.of();
    }

    /**
     * Returns whether a virtual thread is on a carrier thread. Only its text tells:
     * "VirtualThread[#21,name]/runnable@ForkJoinPool-1-worker-1".
     */
    private static boolean isMounted(@Nullable Thread thread) {
        if (thread == null || !thread.isVirtual()) {
            return false;
        }
        String text = thread.toString();
        return text.indexOf('@', text.lastIndexOf("]/")) >= 0;
    }
}
