package microdot.sse;

import java.lang.System.Logger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;
import microdot.JsonCodec;
import microdot.Request;
import org.jspecify.annotations.Nullable;

/**
 * Topics: publish once, and everyone who follows gets it; who drops off resumes where they left.
 * Every method may be called from any thread. All topics of one instance share one order of events,
 * so that one id resumes a stream over several.
 */
public final class Topics {
    static final Logger LOG = System.getLogger("microdot.sse");

    /** The most topics that one stream may follow. */
    public static final int MAX_FOLLOWED = 64;

    private static final int MAX_NAME = 256;
    private static final Set<String> RESERVED = Set.of("gap", "checkpoint");

    private final String epoch = EventId.newEpoch();
    private final byte[] idStart = ("id: " + epoch + "-").getBytes(StandardCharsets.US_ASCII);
    private final JsonCodec json = JsonCodec.standard();
    private final long maxBytes;

    // Guards the logs' writing sides. Held for moments, by publishers and those who join; never by
    // an event loop.
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, EventLog> logs = new ConcurrentHashMap<>();
    private final Map<Executor, LoopTurn> turns = new ConcurrentHashMap<>();
    private long bytes;
    private long forgottenUpTo;

    // Written under the lock, last of all: who reads it may read every entry up to it.
    private volatile long head;

    /** Topics in memory, which together keep at most a quarter of the heap. */
    public Topics() {
        this(Runtime.getRuntime().maxMemory() / 4);
    }

    /**
     * Topics in memory.
     *
     * @param maxBytes what all together keep at most: beyond, the oldest events of all are let go
     *     first
     */
    public Topics(long maxBytes) {
        if (maxBytes < 1) {
            throw new IllegalArgumentException(
                    "maxBytes: " + maxBytes + " (expected: a positive number of bytes)");
        }
        this.maxBytes = maxBytes;
        Sweeper.watch(this);
    }

    /**
     * Publishes an event, or data for one, and wakes who follows. Returns when it has its place in
     * the topic's log; waits for no follower.
     *
     * @param event an {@link Event}, or data as {@link Event#of} takes it
     * @return the event's id: the one it was given, or its epoch and position
     * @throws IllegalArgumentException when the data cannot be written, the name of the topic is
     *     empty or over 256 characters, the event is named {@code gap} or {@code checkpoint}, or it
     *     bears an id shaped like ours
     */
    public String publish(String topic, Object event) {
        return append(topic, event instanceof Event whole ? whole : Event.of(event));
    }

    /**
     * Changes state and publishes the event of the change as one step, as seen by the topic's
     * {@link TopicOptions#snapshot snapshot}: a follower's snapshot holds the change or the event
     * comes after it, never both.
     *
     * @param change runs on this thread, one at a time for the topic; returns what {@link
     *     #publish(String, Object)} takes
     */
    public String publish(String topic, Supplier<?> change) {
        EventLog log = pinned(topic);
        log.state.lock();
        try {
            return publish(topic, (Object) change.get());
        } finally {
            log.state.unlock();
            log.pins.decrementAndGet();
        }
    }

    private String append(String topic, Event event) {
        checkPublishable(event);
        EncodedEvent encoded = EncodedEvent.of(event, json);
        EventLog log = pinned(topic);
        try {
            Function<Event, Object> key = log.options().key();
            // User code, therefore ahead of the lock.
            Object keyed = key == null ? null : key.apply(event);
            long position = append(log, encoded, keyed);
            for (Audience audience : log.audiences()) {
                audience.wake();
            }
            return event.id() == null ? epoch + "-" + position : event.id();
        } finally {
            log.pins.decrementAndGet();
        }
    }

    private long append(EventLog log, EncodedEvent event, @Nullable Object key) {
        byte[] userIdLine = event.userId() == null ? null : EncodedEvent.idLine(event.userId());
        lock.lock();
        try {
            long position = head + 1;
            long before = log.bytes();
            byte[] idLine = userIdLine == null ? idLine(position) : userIdLine;
            log.append(event, idLine, position, System.nanoTime(), key);
            bytes += log.bytes() - before;
            head = position;
            letGo();
            return position;
        } finally {
            lock.unlock();
        }
    }

    private static void checkPublishable(Event event) {
        if (event.event() != null && RESERVED.contains(event.event())) {
            throw new IllegalArgumentException(
                    "event: \"" + event.event() + "\" (expected: not gap or checkpoint)");
        }
        if (event.id() != null && EventId.parse(event.id()) != null) {
            throw new IllegalArgumentException(
                    "id: \"" + event.id() + "\" (expected: not the shape of a topic's ids)");
        }
    }

    /** When all together keep too much: the oldest eighth of all positions goes, whosever it is. */
    private void letGo() {
        if (bytes <= maxBytes) {
            return;
        }
        long oldest = logs.values().stream().mapToLong(EventLog::floor).min().orElse(head);
        long upTo = oldest + Math.max(1, (head - oldest) / 8);
        long kept = 0;
        for (EventLog log : logs.values()) {
            log.trimTo(upTo);
            kept += log.bytes();
        }
        bytes = kept;
    }

    // ---- Following ----

    /**
     * A handler that follows topics: {@code app.get("/detections", topics.stream("camera/1"))}. It
     * needs no thread for a client that only follows.
     *
     * @throws IllegalArgumentException when no topic or more than {@link #MAX_FOLLOWED} are named
     */
    public TopicStream stream(String... names) {
        List<String> fixed = checkedNames(List.of(names));
        return new TopicStream(this, request -> fixed);
    }

    /**
     * A handler that follows the topics that the function names for the request; it is asked at
     * each connect, so that it may refuse by throwing an {@link microdot.HttpException}.
     */
    public TopicStream stream(Function<Request, ? extends Iterable<String>> names) {
        return new TopicStream(this, names);
    }

    /**
     * Sets what a topic keeps and how it treats followers that lag. What is published already
     * stays.
     */
    public Topic topic(String name, TopicOptions options) {
        EventLog log = pinned(name);
        lock.lock();
        try {
            log.configure(options);
        } finally {
            lock.unlock();
            log.pins.decrementAndGet();
        }
        return new Topic(this, name);
    }

    /** A topic by name; it need not exist. */
    public Topic topic(String name) {
        return new Topic(this, checked(name));
    }

    static List<String> checkedNames(Iterable<String> names) {
        var distinct = new LinkedHashSet<String>();
        names.forEach(name -> distinct.add(checked(name)));
        if (distinct.isEmpty() || distinct.size() > MAX_FOLLOWED) {
            throw new IllegalArgumentException(
                    "topics: "
                            + distinct.size()
                            + " (expected: 1 to "
                            + MAX_FOLLOWED
                            + " on one stream)");
        }
        return List.copyOf(distinct);
    }

    /** Fixes where a follower begins, and begins. On a thread that may block. */
    void follow(BodySink sink, List<String> names, Resume.Wish wish, @Nullable Sieve sieve) {
        sayRetry(sink, names);
        var follower = new Follower(this, sink, sieve);
        List<EventLog> followed = names.stream().map(this::pinned).toList();
        followed.forEach(log -> log.followers.incrementAndGet());
        Resume resume;
        lock.lock();
        try {
            resume = Resume.of(this, follower, followed, wish);
            LoopTurn turn = turns.computeIfAbsent(sink.loop(), LoopTurn::new);
            resume.cursors().forEach(cursor -> cursor.audience(cursor.log.audience(turn)));
        } finally {
            lock.unlock();
        }
        sink.keepAlive(follower::heartbeat);
        sink.farewell(Retry::within);
        sink.feed(follower);
        follower.onLoop(() -> follower.begin(resume.cursors(), resume.position()));
        sink.onClose(
                () -> {
                    followed.forEach(EventLog::unfollow);
                    follower.onLoop(follower::leave);
                });
        resume.preparations()
                .forEach((cursor, preparation) -> follower.prepareNow(cursor, preparation));
    }

    private void sayRetry(BodySink sink, List<String> names) {
        for (String name : names) {
            EventLog log = logs.get(name);
            Duration retry = log == null ? null : log.options().retry();
            if (retry != null) {
                Sse.write(sink, Retry.in(retry));
                return;
            }
        }
    }

    /**
     * What a cursor that lags goes on with, by what its topic says. Not for topics that disconnect.
     */
    Follower.Prepared catchUp(Cursor cursor) {
        EventLog log = cursor.log;
        Frame gap;
        lock.lock();
        try {
            if (log.options().onSlow() == TopicOptions.OnSlow.LATEST) {
                return latest(cursor, "slow", id(cursor.at()));
            }
            long missed = log.next() - cursor.entry();
            log.missed.add(missed);
            var told = new Gap(log.name, id(cursor.at()), id(log.last()), missed, "slow");
            if (log.snapshots() == null) {
                return new Follower.Prepared(
                        List.of(told.at(this, log.last())), log.next(), cursor.at());
            }
            gap = told.ahead(this, cursor.at());
        } finally {
            lock.unlock();
        }
        return withSnapshot(cursor, List.of(gap));
    }

    /**
     * Under the lock: the newest of each key behind the cursor, after a gap where even that is not
     * kept.
     */
    Follower.Prepared latest(Cursor cursor, String reason, @Nullable String from) {
        EventLog log = cursor.log;
        var frames = new ArrayList<Frame>();
        long at = Math.max(cursor.at(), log.latestFloor());
        if (cursor.at() < at) {
            frames.add(new Gap(log.name, from, id(at), null, reason).at(this, at));
        }
        frames.addAll(log.latestAfter(at));
        return new Follower.Prepared(frames, log.keptFrom(), cursor.at());
    }

    /**
     * The topic's state after what is told ahead of it, then what was published since it was taken.
     */
    Follower.Prepared withSnapshot(Cursor cursor, List<Frame> ahead) {
        EventLog log = cursor.log;
        var frames = new ArrayList<>(ahead);
        Snapshots snapshots = log.snapshots();
        long entry = cursor.entry();
        if (snapshots != null) {
            Snapshots.Snapshot state = snapshots.take(this);
            frames.add(new Frame(state.fence(), state.event().toBytes(idLine(state.fence()))));
            lock.lock();
            try {
                // What was let go while the state was taken makes it lag anew.
                boolean overrun = state.fence() < log.floor();
                entry = overrun ? log.keptFrom() - 1 : log.firstAfter(state.fence());
            } finally {
                lock.unlock();
            }
        }
        return new Follower.Prepared(frames, entry, cursor.at());
    }

    // ---- Ids ----

    /** The position up to which every event is in its log. From any thread. */
    long head() {
        return head;
    }

    String epoch() {
        return epoch;
    }

    String id(long position) {
        return epoch + "-" + position;
    }

    JsonCodec json() {
        return json;
    }

    /** The head, when the topic published nothing behind the position; else -1. */
    long quietUpTo(EventLog log, long position) {
        lock.lock();
        try {
            return log.last() <= position ? head : -1;
        } finally {
            lock.unlock();
        }
    }

    byte[] checkpoint(long position) {
        return EncodedEvent.of(Event.of("").event("checkpoint"), json).toBytes(idLine(position));
    }

    byte[] idLine(long position) {
        byte[] digits = Long.toString(position).getBytes(StandardCharsets.US_ASCII);
        byte[] line = Arrays.copyOf(idStart, idStart.length + digits.length + 1);
        System.arraycopy(digits, 0, line, idStart.length, digits.length);
        line[line.length - 1] = '\n';
        return line;
    }

    // ---- Logs ----

    /** The topic's log, made when it is not there; it is not forgotten until it is unpinned. */
    private EventLog pinned(String name) {
        EventLog known = logs.get(name);
        if (known != null && known.pin()) {
            return known;
        }
        checked(name);
        lock.lock();
        try {
            EventLog log =
                    logs.computeIfAbsent(name, missing -> new EventLog(missing, forgottenUpTo));
            log.pins.incrementAndGet();
            return log;
        } finally {
            lock.unlock();
        }
    }

    @Nullable EventLog existing(String name) {
        return logs.get(name);
    }

    Topic.Stats stats(EventLog log) {
        lock.lock();
        try {
            return new Topic.Stats(
                    log.followers.get(),
                    log.next(),
                    log.next() - log.keptFrom(),
                    log.bytes(),
                    log.delivered.sum(),
                    log.missed.sum(),
                    log.disconnected.sum());
        } finally {
            lock.unlock();
        }
    }

    /** Lets go what is too old, and forgets topics that keep nothing and that nobody uses. */
    void sweep() {
        long now = System.nanoTime();
        for (EventLog log : List.copyOf(logs.values())) {
            lock.lock();
            try {
                long before = log.bytes();
                log.trim(now);
                bytes += log.bytes() - before;
                log.pruneAudiences();
                if (log.forget()) {
                    logs.remove(log.name);
                    // A later topic of that name begins where this one ended: who resumes from
                    // before is told.
                    forgottenUpTo = Math.max(forgottenUpTo, log.last());
                }
            } finally {
                lock.unlock();
            }
        }
        pruneTurns();
    }

    private void pruneTurns() {
        lock.lock();
        try {
            var used = new HashSet<LoopTurn>();
            logs.values()
                    .forEach(
                            log ->
                                    Arrays.stream(log.audiences())
                                            .forEach(audience -> used.add(audience.turn)));
            turns.values().retainAll(used);
        } finally {
            lock.unlock();
        }
    }

    private static String checked(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME) {
            throw new IllegalArgumentException(
                    "topic: " + name.length() + " characters (expected: 1 to " + MAX_NAME + ")");
        }
        return name;
    }
}
