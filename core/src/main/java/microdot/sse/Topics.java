package microdot.sse;

import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;
import microdot.HttpException;
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

    private final JsonCodec json = JsonCodec.standard();
    private final Logs logs;
    private final CatchUp catchUp;

    /** Topics in memory, which together keep at most a quarter of the heap. */
    public Topics() {
        this(Runtime.getRuntime().maxMemory() / 4);
    }

    /**
     * Topics in memory.
     *
     * @param maxBytes what all together keep at most, as the bytes of events: beyond, the oldest of
     *     all are let go first. A topic takes some 2 KiB besides, and room for about as much again
     *     as it keeps
     */
    public Topics(long maxBytes) {
        if (maxBytes < 1) {
            throw new IllegalArgumentException(
                    "maxBytes: " + maxBytes + " (expected: a positive number of bytes)");
        }
        logs = new Logs(maxBytes, json);
        catchUp = new CatchUp(logs, json);
        Sweeper.watch(this);
    }

    /**
     * Publishes an event, or data for one, and wakes who follows. Returns when it has its place in
     * the topic's log; waits for no follower.
     *
     * @param event an {@link Event}, or data as {@link Event#of} takes it. An id of its own should
     *     be its own among all topics that one stream follows: a client resumes behind the newest
     *     event that has it
     * @return the event's id: the one it was given, or its epoch and position
     * @throws IllegalArgumentException when the data cannot be written, the name of the topic is
     *     empty or over 256 characters, the event is named {@code gap} or {@code checkpoint}, or
     *     its id is empty, which would have the client forget where it stands, or shaped like ours
     */
    public String publish(String topic, Object event) {
        return append(topic, event instanceof Event whole ? whole : Event.of(event));
    }

    /**
     * Changes state and publishes the event of the change as one step, as seen by the topic's
     * {@link TopicOptions#snapshot snapshot}: a follower's snapshot holds the change or the event
     * comes after it, never both. Changes of two topics that each publish a change of the other
     * wait for each other for ever.
     *
     * @param change runs on this thread, one at a time for the topic; returns what {@link
     *     #publish(String, Object)} takes
     */
    public String publish(String topic, Supplier<?> change) {
        EventLog log = logs.pinned(topic);
        log.state.lock();
        try {
            return publish(topic, (Object) change.get());
        } finally {
            log.state.unlock();
            log.unpin();
        }
    }

    private String append(String topic, Event event) {
        checkPublishable(event);
        EncodedEvent encoded = EncodedEvent.of(event, json);
        EventLog log = logs.pinned(topic);
        try {
            Function<Event, @Nullable Object> key = log.options().key();
            // User code, therefore ahead of the lock.
            Object keyed = key == null ? null : key.apply(event);
            long position = logs.append(log, encoded, key, keyed);
            for (LoopReaders audience : log.audiences()) {
                audience.wake();
            }
            return event.id() == null ? logs.epoch.id(position) : event.id();
        } finally {
            log.unpin();
        }
    }

    static void checkPublishable(Event event) {
        if (event.event() != null && RESERVED.contains(event.event())) {
            throw new IllegalArgumentException(
                    "event: \"" + event.event() + "\" (expected: not gap or checkpoint)");
        }
        if (event.id() != null && event.id().isEmpty()) {
            throw new IllegalArgumentException(
                    "id: \"\" (expected: one that the client can come back with, or null)");
        }
        if (event.id() != null && EventId.parse(event.id()) != null) {
            throw new IllegalArgumentException(
                    "id: \"" + event.id() + "\" (expected: not the shape of a topic's ids)");
        }
    }

    /**
     * The id of the newest event of all topics: a client that comes with it gets what is published
     * from now on. For a page that is made with the state in it: read the id first, then the state,
     * and have the page open {@code /events?last-event-id=...}. A greeting that bears it tells a
     * client which events are older than its stream.
     */
    public String lastEventId() {
        return logs.epoch.id(head());
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
        return new TopicStream(this, request -> fixed, fixed);
    }

    /**
     * A handler that follows the topics that the function names for the request; it is asked at
     * each connect, so that it may refuse by throwing an {@link HttpException}.
     */
    public TopicStream stream(Function<Request, ? extends Iterable<String>> names) {
        return new TopicStream(this, request -> namesFor(request, names), null);
    }

    // Names may come from the request's path: then it is the client's fault, and no failure of
    // ours.
    private static List<String> namesFor(
            Request request, Function<Request, ? extends Iterable<String>> names) {
        Iterable<String> asked = names.apply(request);
        try {
            return checkedNames(asked);
        } catch (IllegalArgumentException e) {
            throw new HttpException(400, String.valueOf(e.getMessage()));
        }
    }

    /**
     * Sets what a topic keeps and how it treats followers that lag. What is published already
     * stays. Such a topic is never forgotten, also when nobody follows and nothing is kept.
     */
    public Topic topic(String name, TopicOptions options) {
        EventLog log = logs.pinned(name);
        try {
            logs.configure(log, options);
        } finally {
            log.unpin();
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

    /** Has the sink follow. On an event loop it leaves it to a thread to wait for anything. */
    void follow(
            BodySink sink,
            List<String> names,
            StartPosition.Wish wish,
            @Nullable FollowerFilter sieve) {
        var follower = new Follower(logs, catchUp, sink, sieve, wish.lastEventId() != null);
        sink.feed(follower);
        sink.keepAlive(follower::heartbeat);
        var resume = new StartPosition(logs, follower, catchUp);
        if (!sink.isOnLoop()) {
            begin(follower, sink, names, wish, resume);
            resume.prepare();
        } else if (!logs.ifFree(() -> begin(follower, sink, names, wish, resume))) {
            follower.onThread(
                    () -> {
                        begin(follower, sink, names, wish, resume);
                        resume.prepare();
                    });
        } else if (resume.hasToPrepare()) {
            follower.onThread(resume::prepare);
        }
    }

    /**
     * What is said last to one whose follower has not begun. A new client would come back as new,
     * and without what was published since, and so gets an id; not one that begins with a state or
     * with the last events, for with an id it would not be given them.
     */
    Function<Duration, byte[]> earlyClosingFrames(List<String> names, StartPosition.Wish wish) {
        return time ->
                wish.lastEventId() != null || wish.last() > 0 || haveState(names)
                        ? Retry.in(time)
                        : Follower.join(logs.checkpoint(wish.opened()), Retry.in(time));
    }

    /** Fixes where a follower begins, and begins. */
    private void begin(
            Follower follower,
            BodySink sink,
            List<String> names,
            StartPosition.Wish wish,
            StartPosition resume) {
        var followed = new ArrayList<EventLog>(names.size());
        for (String name : names) {
            followed.add(logs.pinned(name));
        }
        DeliveryTask turn =
                logs.join(sink.loop(), followed, resume, () -> resume.fix(followed, wish));
        // An array, and not what it was made with: it lives as long as the stream.
        Cursor[] cursors = resume.cursors().toArray(Cursor[]::new);
        follower.onLoop(() -> follower.begin(cursors));
        sink.onClose(
                () -> {
                    // Here and not on the loop: one that has stopped would never come to it.
                    for (Cursor cursor : cursors) {
                        cursor.depart();
                    }
                    turn.followers.decrementAndGet();
                    follower.onLoop(follower::leave);
                });
    }

    /**
     * Follows topics within the process, from now on. Close it when it is no longer read.
     *
     * @throws IllegalArgumentException when no topic or more than {@link #MAX_FOLLOWED} are named
     */
    public Subscription follow(String... names) {
        return follow(names, null);
    }

    /**
     * Follows topics within the process, from an id on that one of their events had. What was lost
     * since is told by an event named {@code gap}.
     */
    public Subscription followAfter(String lastEventId, String... names) {
        return follow(names, lastEventId);
    }

    private Subscription follow(String[] names, @Nullable String lastEventId) {
        List<String> followed = checkedNames(List.of(names));
        var subscription = new Subscription();
        follow(subscription.sink(), followed, new StartPosition.Wish(lastEventId, head(), 0), null);
        return subscription;
    }

    // ---- What the neighbours use ----

    /** The position up to which every event is in its log. From any thread. */
    long head() {
        return logs.head();
    }

    @Nullable EventLog existing(String name) {
        return logs.existing(name);
    }

    /** Whether code of the application makes a state for those who come. */
    boolean haveState(List<String> names) {
        for (String name : names) {
            EventLog log = logs.existing(name);
            if (log != null && log.snapshots() != null) {
                return true;
            }
        }
        return false;
    }

    Topic.Stats stats(EventLog log) {
        return logs.stats(log);
    }

    void sweep() {
        logs.sweep();
    }

    Logs logs() {
        return logs;
    }

    static String checked(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME) {
            throw new IllegalArgumentException(
                    "topic: " + name.length() + " characters (expected: 1 to " + MAX_NAME + ")");
        }
        return name;
    }
}
