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

/** Reports handlers that still run long after their stream has ended, each of them once. */
public final class OverdueHandlers {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final long REPORTED = Long.MAX_VALUE;

    private final Duration limit;
    private final Executor log;

    /** When the end of a stream was seen whose handler still runs, from System.nanoTime. */
    private Map<UserCode, Long> ended = new HashMap<>();

    /**
     * @param limit how long a handler may run after the end of its stream
     * @param log runs what writes log entries, which may block
     */
    public OverdueHandlers(Duration limit, Executor log) {
        this.limit = limit;
        this.log = log;
    }

    /** Looks at all handlers; {@code now} from {@link System#nanoTime}. */
    public void look(Iterable<? extends ServerThreads> servers, long now) {
        var still = new HashMap<UserCode, Long>();
        var overdue = new LinkedHashMap<String, List<Thread>>();
        for (ServerThreads server : servers) {
            for (UserCode code : server.running()) {
                Thread thread = code.thread();
                if (thread == null || !code.isStreamEnded()) {
                    continue;
                }
                long since = ended.getOrDefault(code, now);
                boolean due = since != REPORTED && now - since > limit.toNanos();
                still.put(code, due ? REPORTED : since);
                if (due) {
                    overdue.computeIfAbsent(code.name(), route -> new ArrayList<>()).add(thread);
                }
            }
        }
        ended = still;
        overdue.forEach(this::report);
    }

    private void report(String route, List<Thread> threads) {
        var stack = new ThreadStack(threads.getFirst());
        log.execute(() -> report(route, threads.size(), stack));
    }

    private void report(String route, int count, ThreadStack stack) {
        LOG.log(
                Level.WARNING,
                () ->
                        count
                                + (count == 1 ? " handler" : " handlers")
                                + " of "
                                + route
                                + " still running "
                                + limit.toSeconds()
                                + " s after the end of the stream; the interrupt was swallowed, or"
                                + " the handler waits for something that ignores it. The stack of"
                                + " one:",
                stack);
    }
}
