package microdot.sse;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import microdot.Handler;
import microdot.HttpException;
import microdot.Request;
import microdot.Response;
import microdot.internal.Background;
import microdot.internal.Quoted;
import microdot.internal.RefusedValueException;
import microdot.internal.Required;
import microdot.sse.log.PolledLock;
import org.jspecify.annotations.Nullable;

/**
 * Work that outlives the connection that started it: the progress of a job, the tokens of a model.
 * A run has its own virtual thread, and all its events are kept in memory until some time after its
 * end, so that any number of clients can follow it from its first event on, and resume. Every
 * method may be called from any thread.
 *
 * <p>A run ends when its handler returns or fails, when it is {@link #stop stopped}, or at a limit
 * of its {@link RunOptions}. Then each client gets all its events, then {@code event: run-error}
 * after a failure or {@code event: run-stopped} if it was ended early (data: {@code stopped},
 * {@code nobody-follows}, {@code too-large} or {@code closing}), then a {@code checkpoint}; then
 * its stream ends. A browser that reconnects is answered with 204 and stops. {@link
 * RunOptions#lastEvents} replaces these events, for clients with a protocol of their own.
 *
 * <p>A server that closes ends the runs of each {@code Runs} that one of its requests has used, and
 * waits for their handlers up to {@link microdot.ServerOptions#closeTimeout}. {@link #close} does
 * the same without a server.
 */
public final class Runs implements AutoCloseable {
    private static final int LONGEST_ID = 128;

    /** For a client whose run does not start now. */
    private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

    private final Topics topics;
    private final RunOptions options;
    private final RunResponses responses;
    private final Map<String, Run> byId = new ConcurrentHashMap<>();
    private final Map<String, Run> byToken = new ConcurrentHashMap<>();
    private final Map<Run, RunThread> threads = new ConcurrentHashMap<>();
    private final AtomicInteger running = new AtomicInteger();

    /** Held while a run is added: a second start of its id finds it, and takes no place. */
    private final PolledLock starting = new PolledLock();

    private final Background.Work work = new OfServer();
    private volatile boolean closed;

    /** Runs with the default options. */
    public Runs(Topics topics) {
        this(topics, new RunOptions());
    }

    /**
     * Creates runs.
     *
     * @param topics whose order and memory the runs share. Runs take at most half of that memory,
     *     and nothing of a run is evicted for other topics
     */
    public Runs(Topics topics, RunOptions options) {
        this.topics = Required.notNull(topics, "topics", "topics");
        this.options = Required.notNull(options, "options", "options");
        this.responses = new RunResponses(topics, options.lastEvents(), byToken::get);
    }

    // ---- Starting and stopping ----

    /**
     * Starts a run with a random id that cannot be guessed.
     *
     * @throws HttpException with status 503 and {@code Retry-After: 5} when {@link
     *     RunOptions#maxRunning} handlers run already, when the memory of the topics has no room
     *     for another run, or after {@link #close}
     */
    public Run start(RunHandler handler) {
        Required.notNull(handler, "handler", "a handler");
        String token = RunEventId.newToken();
        return start(token, token, handler);
    }

    /**
     * Starts the run with this id, or returns the one that is kept: then the handler is not used.
     * If a client chooses the id, take one that others cannot guess, or check its owner: a client
     * that has the id of a run can follow it.
     *
     * @param id 1 to 128 characters of ASCII without spaces
     * @throws HttpException as {@link #start(RunHandler)} does
     * @throws IllegalArgumentException when the id is no such text; 400, if the client sent it
     */
    public Run start(String id, RunHandler handler) {
        Required.notNull(id, "id", "1 to " + LONGEST_ID + " characters of ASCII without spaces");
        Required.notNull(handler, "handler", "a handler");
        if (isNoId(id)) {
            throw new RefusedValueException(
                    "id: "
                            + Quoted.whole(id)
                            + " (expected: 1 to "
                            + LONGEST_ID
                            + " characters of ASCII without spaces)",
                    id,
                    Runs::isNoId);
        }
        Run known = byId.get(id);
        return known == null ? start(id, RunEventId.newToken(), handler) : known;
    }

    // It is sent as a header field.
    private static boolean isNoId(String id) {
        return id.isEmpty()
                || id.length() > LONGEST_ID
                || !id.chars().allMatch(character -> character > ' ' && character < 0x7f);
    }

    private Run start(String id, String token, RunHandler handler) {
        Background.add(work);
        Run run;
        starting.lock();
        try {
            Run known = byId.get(id);
            if (known != null) { // Another thread was faster.
                return known;
            }
            run = add(id, token);
        } finally {
            starting.unlock();
        }
        begin(run, handler);
        return run;
    }

    private Run add(String id, String token) {
        takePlace();
        boolean added = false;
        try {
            Run run = open(id, token);
            byId.put(id, run);
            byToken.put(token, run);
            added = true;
            return run;
        } finally {
            if (!added) {
                running.decrementAndGet();
            }
        }
    }

    private void takePlace() {
        if (closed) {
            throw rejected("closed (expected: no start after their close)");
        }
        if (running.incrementAndGet() > options.maxRunning()) {
            running.decrementAndGet();
            throw rejected(
                    options.maxRunning()
                            + " run already (expected: fewer than maxRunning; try again later)");
        }
    }

    private static HttpException rejected(String why) {
        return new HttpException(503, "runs: " + why, TRY_AGAIN);
    }

    private Run open(String id, String token) {
        String label = "run " + RunEventId.shortened(id);
        RunTopic topic = RunTopic.open(topics, label, token, options, () -> forget(id, token));
        if (topic == null) {
            throw rejected("the memory for them is used up (expected: room; try again later)");
        }
        return new Run(id, token, topic);
    }

    private void begin(Run run, RunHandler handler) {
        Runnable finished =
                () -> {
                    threads.remove(run);
                    running.decrementAndGet();
                };
        var thread = new RunThread(run, handler, options, finished);
        threads.put(run, thread);
        thread.start();
        if (closed) { // close() ran in between.
            run.end(RunEnd.CLOSING);
        }
    }

    /** Returns the run with this id; null if there was none, or it is not kept any more. */
    public @Nullable Run find(String id) {
        Required.notNull(id, "id", "the id of a run");
        return byId.get(id);
    }

    private void forget(String id, String token) {
        Run run = byToken.remove(token);
        if (run != null) {
            byId.remove(id, run);
        }
    }

    /**
     * Stops a run: its clients get everything that it has sent, then {@code event: run-stopped};
     * its handler is interrupted, and what it sends then is refused.
     *
     * @return false when there is no run with this id that still runs
     */
    public boolean stop(String id) {
        Required.notNull(id, "id", "the id of a run");
        Run run = byId.get(id);
        return run != null && run.end(RunEnd.STOPPED);
    }

    // ---- Following ----

    /**
     * Returns the stream of a run: from its first event on, or after the client's last event id.
     * The header {@code Run-Id} has the id of the run. A client that has all of a run that has
     * ended gets 204; see {@link RunOptions#lastEvents} for others. The client gets a stream
     * whatever it accepts.
     *
     * @throws HttpException with status 404 when the run was forgotten and the client has no id of
     *     its events
     */
    public Response stream(Request request, Run run) {
        Required.notNull(request, "request", "a request");
        Required.notNull(run, "run", "a run");
        Background.add(work);
        return responses.stream(request, run);
    }

    /**
     * Returns a handler that follows the run whose id the function returns for the request: {@code
     * app.get("/chat/{id}", runs.stream(request -> request.param("id")))}. If there is no such run,
     * it answers 404; but 204, so that browsers stop, if the client has a last event id of a run of
     * this process; and a gap with the reason {@code restarted} and then the end if that id is of
     * an earlier process.
     */
    public Handler stream(Function<Request, @Nullable String> id) {
        Required.notNull(id, "id", "a function that returns the id of a run");
        return request -> {
            String wanted = id.apply(request);
            Run run = wanted == null ? null : byId.get(wanted);
            return run == null ? responses.unknown(request) : stream(request, run);
        };
    }

    /**
     * Returns the response to a request that continues a run, by its last event id: for clients
     * that repeat the request which started the run. Call it first, and start a run only if it
     * returns null. If the run is not kept any more, the response is 204, or a gap and the end, as
     * {@link #stream(Function)} says, so that the work is not done twice; or the {@link
     * RunOptions#lastEvents} of {@link RunEnd#FORGOTTEN}.
     *
     * @return null if the request has no last event id of a run
     */
    public @Nullable Response resumed(Request request) {
        Required.notNull(request, "request", "a request");
        Background.add(work);
        return responses.resumed(request);
    }

    // ---- The end ----

    /**
     * Ends all runs, and interrupts their handlers; does not wait for them. Runs that have ended
     * can still be followed. No run starts afterwards. Close the topics after it.
     */
    @Override
    public void close() {
        closed = true;
        work.interrupt();
    }

    /** What a server that closes does. */
    private final class OfServer implements Background.Work {
        @Override
        public void interrupt() {
            threads.keySet().forEach(run -> run.end(RunEnd.CLOSING));
        }

        @Override
        public void await(long deadline) throws InterruptedException {
            for (RunThread thread : Set.copyOf(threads.values())) {
                thread.await(deadline);
            }
        }
    }
}
