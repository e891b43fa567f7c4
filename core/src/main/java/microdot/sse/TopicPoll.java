package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import microdot.CloseReason;
import microdot.HttpException;
import microdot.Request;
import microdot.Response;
import microdot.internal.BriefLock;
import microdot.internal.LongPoll;
import org.jspecify.annotations.Nullable;

/**
 * One request for the JSON form of a stream of topics. It is a follower within the process that
 * ends with the first events, so that everything that holds for streams holds here. It waits on the
 * request's virtual thread.
 */
final class TopicPoll {
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;
    private static final int MAX_WAIT = 60;

    /** How long a gap, a snapshot or a filter is awaited at the end of the wait. */
    private static final long LONGEST_WORK = TimeUnit.SECONDS.toNanos(30);

    private static final Duration RETRY = Duration.ofSeconds(5);

    private final Topics topics;
    private final Request request;
    private final List<String> names;
    private final int limit;
    private final long wait;
    private final CountDownLatch done = new CountDownLatch(1);
    private final InProcessSink sink =
            new InProcessSink(this::offer, this::hasRoom, done::countDown, this::filled);

    // Guarded by the lock.
    private final BriefLock lock = new BriefLock();
    private final List<Map<String, @Nullable Object>> events = new ArrayList<>();
    private @Nullable Object gap;
    private @Nullable String next;
    private boolean full;

    /**
     * @throws HttpException with status 400 when a parameter of the request is malformed
     */
    TopicPoll(Topics topics, Request request, List<String> names) {
        this.topics = topics;
        this.request = request;
        this.names = names;
        this.limit = Math.min(MAX_LIMIT, number(request, "limit", 1, DEFAULT_LIMIT));
        this.wait = TimeUnit.SECONDS.toNanos(Math.min(MAX_WAIT, number(request, "wait", 0, 0)));
    }

    /** Returns whether the request asks for JSON and not for a stream. */
    static boolean isWanted(Request request) {
        String accept = request.header("Accept");
        return accept != null
                && accept.contains("application/json")
                && !accept.contains("text/event-stream");
    }

    /** Returns the id after which the client wants events; null if it is new. */
    static @Nullable String after(Request request) {
        String after = request.query("after");
        return after == null || after.isEmpty() ? Sse.lastEventId(request) : after;
    }

    private static int number(Request request, String name, int least, int otherwise) {
        String value = request.query(name);
        if (value == null) {
            return otherwise;
        }
        int number = value.matches("\\d{1,9}") ? Integer.parseInt(value) : -1;
        if (number < least) {
            throw new HttpException(
                    400, name + ": \"" + value + "\" (expected: a number from " + least + " on)");
        }
        return number;
    }

    /** Waits for events, and responds with what there is. */
    Response respond(StartPosition.Wish wish, @Nullable FollowerFilter filter)
            throws InterruptedException {
        Follower follower =
                topics.followers().follow(sink, names, wish, filter, new StreamClosingFrames());
        try {
            LongPoll.begin(request, done::countDown);
            request.onClose(done::countDown);
            if (!done.await(wait, TimeUnit.NANOSECONDS)) {
                awaitWork(follower);
            }
        } finally {
            sink.end();
        }
        if (sink.closeReason() == CloseReason.FAILED && isEmpty()) {
            return Sse.rejectWithRetry(request, RETRY);
        }
        return answer(wish);
    }

    /** A gap, a snapshot or a filter may still run for this client: it is not without events. */
    private void awaitWork(Follower follower) throws InterruptedException {
        long begun = System.nanoTime();
        while (!isCaughtUp(follower)
                && System.nanoTime() - begun < LONGEST_WORK
                && !done.await(10, TimeUnit.MILLISECONDS)) {}
    }

    private boolean isCaughtUp(Follower follower) throws InterruptedException {
        var caughtUp = new CompletableFuture<Boolean>();
        sink.loop().execute(() -> caughtUp.complete(follower.isCaughtUp()));
        try {
            return caughtUp.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e); // It is never completed so.
        }
    }

    private Response answer(StartPosition.Wish wish) {
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        lock.lock();
        try {
            String position = next == null ? start(wish) : next;
            answer.put("events", List.copyOf(events));
            answer.put("next", position);
            answer.put("closed", topics.registry().isOver(names, topics.position(position)));
            answer.put("gap", gap);
        } finally {
            lock.unlock();
        }
        return Response.json(answer).header("Cache-Control", "no-store").header("Vary", "Accept");
    }

    private String start(StartPosition.Wish wish) {
        String after = wish.lastEventId();
        return after == null ? topics.registry().order().epoch().id(wish.opened()) : after;
    }

    // ---- Called by the sink, on its loop ----

    private boolean hasRoom() {
        lock.lock();
        try {
            return !full;
        } finally {
            lock.unlock();
        }
    }

    private void offer(Event event) {
        boolean isGap = "gap".equals(event.event());
        Object lost = isGap ? request.jsonCodec().decode(text(event).getBytes(UTF_8), Map.class) : null;
        lock.lock();
        try {
            // Ends at an event with an id, or the client could not go on after it; and before a
            // gap, which the next response begins with.
            full |= (events.size() >= limit && next != null) || (isGap && !events.isEmpty());
            if (!full) {
                take(event, lost);
            }
        } finally {
            lock.unlock();
        }
    }

    private void take(Event event, @Nullable Object lost) {
        next = event.id() == null || event.id().isEmpty() ? next : event.id();
        if (lost != null && gap == null) {
            gap = lost;
        } else if (!"checkpoint".equals(event.event())) {
            Map<String, @Nullable Object> entry = new LinkedHashMap<>();
            entry.put("id", event.id());
            entry.put("event", event.event());
            entry.put("data", text(event));
            events.add(entry);
        }
    }

    private static String text(Event event) {
        return String.valueOf(event.data());
    }

    private void filled() {
        if (!isEmpty()) {
            done.countDown();
        }
    }

    private boolean isEmpty() {
        lock.lock();
        try {
            return events.isEmpty() && gap == null;
        } finally {
            lock.unlock();
        }
    }
}
