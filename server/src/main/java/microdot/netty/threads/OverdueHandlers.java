package microdot.netty.threads;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import microdot.internal.UserCode;

/**
 * Reports handlers that still run long after their stream has ended, and {@code onClose} actions
 * that run as long, each of them once.
 */
public final class OverdueHandlers {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final long REPORTED = Long.MAX_VALUE;

    private final Duration limit;
    private final Executor log;

    /** When the end of what still runs was seen, from System.nanoTime. */
    private Map<UserCode, Long> ended = new HashMap<>();

    /**
     * @param limit how long code may run after the end of its stream or request
     * @param log runs what writes log entries, which may block
     */
    public OverdueHandlers(Duration limit, Executor log) {
        this.limit = limit;
        this.log = log;
    }

    /** Looks at all handlers; {@code now} from {@link System#nanoTime}. */
    public void look(Iterable<? extends ServerThreads> servers, long now) {
        var still = new HashMap<UserCode, Long>();
        var overdue = new LinkedHashMap<String, List<Overdue>>();
        for (ServerThreads server : servers) {
            for (UserCode code : server.running()) {
                Thread thread = code.thread();
                String reason = code.overdueBecause();
                if (thread == null || reason == null) {
                    continue;
                }
                long since = ended.getOrDefault(code, now);
                boolean due = since != REPORTED && now - since > limit.toNanos();
                still.put(code, due ? REPORTED : since);
                if (due) {
                    overdue.computeIfAbsent(code.name(), route -> new ArrayList<>())
                            .add(new Overdue(thread, reason));
                }
            }
        }
        ended = still;
        overdue.forEach(this::report);
    }

    private record Overdue(Thread thread, String reason) {}

    private void report(String route, List<Overdue> all) {
        Overdue one = all.getFirst();
        var stack = new ThreadStack(one.thread());
        log.execute(() -> report(route, all.size(), one.reason(), stack));
    }

    private void report(String route, int count, String reason, ThreadStack stack) {
        LOG.log(
                Level.WARNING,
                () ->
                        route
                                + " still running "
                                + limit.toSeconds()
                                + " s after the end of its stream or request (threads: "
                                + count
                                + "); "
                                + reason
                                + ". The stack of one:",
                stack);
    }
}
