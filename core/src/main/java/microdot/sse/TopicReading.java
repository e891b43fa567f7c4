package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.CloseReason;
import microdot.JsonCodec;
import microdot.internal.BriefLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads the next events of topics without a stream. It is a follower within the process that ends
 * with the first events, so that everything that holds for streams holds here.
 */
final class TopicReading {
    /** How many seconds a gap, a snapshot or a filter is awaited beyond the wait for events. */
    private static final long LONGEST_WORK = 30;

    private final Topics topics;
    private final List<String> names;
    private final int limit;
    private final CountDownLatch done = new CountDownLatch(1);
    private final InProcessSink sink =
            new InProcessSink(this::offer, this::hasRoom, this::stop, this::filled);

    // Guarded by the lock.
    private final BriefLock lock = new BriefLock();
    private final List<Event> events = new ArrayList<>();
    private @Nullable Gap gap;
    private @Nullable String next;
    private boolean hasEvents; // Others than gaps.
    private boolean full;
    private boolean caughtUp;

    private volatile @Nullable Follower follower;
    private volatile boolean expired; // The wait for events is over.

    TopicReading(Topics topics, List<String> names, int limit) {
        this.topics = topics;
        this.names = names;
        this.limit = limit;
    }

    /** Ends the wait. From any thread; does not block. */
    void stop() {
        done.countDown();
    }

    /**
     * Waits for events and returns what there is, perhaps nothing.
     *
     * @param nanos how long to wait if there is nothing
     * @throws IllegalStateException when the reading failed, as with a snapshot, or was stopped at
     *     a point after which the client could not go on
     */
    History read(StartPosition.Wish wish, @Nullable FollowerFilter filter, long nanos)
            throws InterruptedException {
        try {
            follower =
                    topics.followers().follow(sink, names, wish, filter, new StreamClosingFrames());
            if (!done.await(nanos, TimeUnit.NANOSECONDS)) {
                // A gap, a snapshot or a filter may still run for it: then it has events.
                expired = true;
                sink.loop().execute(this::stopIfDone);
                done.await(LONGEST_WORK, TimeUnit.SECONDS);
            }
        } finally {
            sink.end();
        }
        return result(wish);
    }

    private History result(StartPosition.Wish wish) {
        lock.lock();
        try {
            boolean failed = sink.closeReason() == CloseReason.FAILED && isNothing();
            if (failed || (next == null && !events.isEmpty() && !caughtUp)) {
                throw new IllegalStateException(
                        "topics: "
                                + names
                                + " could not be read (expected: another try later; the log says"
                                + " what failed)");
            }
            String position = next == null ? start(wish) : next;
            boolean closed = topics.registry().isOver(names, topics.position(position));
            return new History(events, position, closed, gap);
        } finally {
            lock.unlock();
        }
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
        Gap lost = "gap".equals(event.event()) ? decoded(event) : null;
        lock.lock();
        try {
            // Ends only after an event with an id, or the client could not go on: at the limit, and
            // before a gap, with which the next reading begins.
            boolean enough = events.size() >= limit || (lost != null && hasEvents);
            full |= enough && next != null;
            if (!full) {
                take(event, lost);
            }
        } finally {
            lock.unlock();
        }
    }

    private static Gap decoded(Event event) {
        byte[] json = String.valueOf(event.data()).getBytes(UTF_8);
        return JsonCodec.standard().decode(json, Gap.class);
    }

    private void take(Event event, @Nullable Gap lost) {
        String id = event.id();
        next = id == null || id.isEmpty() ? next : id;
        if (lost != null && gap == null && !hasEvents) {
            gap = lost;
        } else if (!"checkpoint".equals(event.event())) {
            events.add(event);
            hasEvents |= lost == null;
        }
    }

    /** Everything of a slice was taken. */
    private void filled(boolean more) {
        if (more && hasRoom()) {
            sink.request();
        }
        stopIfDone();
    }

    private void stopIfDone() {
        Follower begun = follower;
        boolean idle = begun != null && begun.isCaughtUp();
        lock.lock();
        try {
            caughtUp = idle;
            boolean resumable = !isNothing() && (next != null || idle);
            if (!resumable && !(expired && idle)) {
                return;
            }
        } finally {
            lock.unlock();
        }
        stop();
    }

    private boolean isNothing() {
        return events.isEmpty() && gap == null;
    }
}
