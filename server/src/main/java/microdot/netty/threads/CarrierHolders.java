package microdot.netty.threads;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import microdot.internal.UserCode;
import org.jspecify.annotations.Nullable;

/**
 * Finds the handlers, filters and snapshots that block carrier threads, and warns about each route
 * or topic once.
 */
final class CarrierHolders {
    private static final Logger LOG = System.getLogger("microdot.netty");

    private final Set<String> warned = new HashSet<>();
    private Set<UserCode> before = Set.of();
    private boolean warnedOfOthers;

    private final Executor log;

    /**
     * @param log runs what writes log entries, which may block
     */
    CarrierHolders(Executor log) {
        this.log = log;
    }

    /** Warns about what blocks a carrier thread now and did at the last look. */
    void warn(Iterable<? extends ServerThreads> servers) {
        for (UserCode code : look(servers)) {
            Thread thread = code.thread();
            if (thread != null && warned.add(code.name())) {
                var stack = new ThreadStack(thread);
                log.execute(() -> warn(code, stack));
            }
        }
    }

    private static void warn(UserCode code, ThreadStack stack) {
        LOG.log(
                Level.WARNING,
                () ->
                        code.name()
                                + " blocked a carrier thread, and no other virtual thread ran for"
                                + " 200 ms; "
                                + code.advice(),
                stack);
    }

    /** Warns once that all carrier threads are blocked, but by no code that is known here. */
    void warnOfOthers() {
        if (before.isEmpty() && !warnedOfOthers) {
            warnedOfOthers = true;
            log.execute(
                    () ->
                            LOG.log(
                                    Level.WARNING,
                                    "no virtual thread ran for 1 s, and no handler, filter or"
                                            + " snapshot blocks a carrier thread; look for virtual"
                                            + " threads of the application (jcmd PID"
                                            + " Thread.dump_to_file FILE)"));
        }
    }

    /** Returns what is on a carrier thread now and was at the last look. */
    List<UserCode> look(Iterable<? extends ServerThreads> servers) {
        Set<UserCode> now = new HashSet<>();
        for (ServerThreads server : servers) {
            addMounted(server.running(), now);
        }
        addMounted(UserCode.OfTopics.running(), now);
        var both = new ArrayList<UserCode>(now);
        both.removeIf(code -> !before.contains(code));
        before = now;
        return both;
    }

    private static void addMounted(Iterable<? extends UserCode> running, Set<UserCode> now) {
        for (UserCode code : running) {
            if (isMounted(code.thread())) {
                now.add(code);
            }
        }
    }

    /** Releases what the last look found. */
    void forget() {
        before = Set.of();
    }

    /**
     * Returns whether a virtual thread is on a carrier thread. Only its text shows it:
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
