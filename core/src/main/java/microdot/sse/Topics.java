package microdot.sse;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.HttpException;
import microdot.JsonCodec;
import microdot.Request;
import microdot.internal.ClosedAtEnd;
import microdot.internal.Required;
import microdot.internal.TopicTime;
import microdot.sse.log.MemoryBudget;
import microdot.sse.log.MemoryOrder;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.ConflictException;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Topics: publish once, and every follower gets the event; a client that disconnects resumes where
 * it left off. Every method may be called from any thread. All topics of one instance share one
 * order of events, so that one id resumes a stream over several topics.
 */
public final class Topics extends TopicSource implements AutoCloseable {
    /** The most topics that one stream may follow: 64. */
    public static final int MAX_FOLLOWED = TopicRules.MAX_FOLLOWED;

    static {
        TopicTime.access((topics, time) -> ((Topics) topics).registry.timePassed(time));
    }

    private final JsonCodec json = JsonCodec.standard();
    private final TopicRegistry registry;
    private final FollowerStart followers;
    private final Publishing publishing;

    /**
     * Topics in memory. All topics of the process that are made so together take at most a quarter
     * of the heap.
     */
    public Topics() {
        this(MemoryBudget.ofProcess());
    }

    /**
     * Topics in memory.
     *
     * @param maxBytes the heap that all topics together take at most, in bytes: events, their
     *     index, their ids and keys, and 1 KiB for each topic. Beyond it, the oldest events of all
     *     topics are evicted first, in segments of 1 to 64 KiB. The newest event of all stays
     * @throws IllegalArgumentException when it is less than 1
     */
    public Topics(long maxBytes) {
        this(new MemoryBudget(checked(maxBytes)));
    }

    private static long checked(long maxBytes) {
        if (maxBytes < 1) {
            throw new IllegalArgumentException(
                    "maxBytes: " + maxBytes + " (expected: a positive number of bytes)");
        }
        return maxBytes;
    }

    /**
     * Topics on a store: its engine keeps the events and their order, and this process has the
     * newest of them in memory. Opens the store, and closes it with {@link #close}.
     *
     * <p>{@link #publish(String, Object) publish} returns when the engine has the event and the
     * followers of this process can have it. Runs ({@link Runs}) stay in this process. How to
     * choose a store, and what each can do: docs/guide/stores.md.
     *
     * @throws StoreException when the engine cannot be reached or cannot be used
     */
    public Topics(EventStore store) {
        Required.notNull(store, "store", "a store");
        MemoryBudget budget = MemoryBudget.ofProcess();
        StoreNode node = StoreNode.open(store, budget, json);
        registry = new TopicRegistry(node, new MemoryOrder(budget), json);
        node.serve(registry);
        followers = followersOf(registry, json);
        publishing = new Publishing(registry, json);
        Sweeper.watch(registry);
        ClosedAtEnd.add(this);
    }

    private Topics(MemoryBudget budget) {
        registry = new TopicRegistry(budget, json);
        followers = followersOf(registry, json);
        publishing = new Publishing(registry, json);
        Sweeper.watch(registry);
    }

    private static FollowerStart followersOf(TopicRegistry registry, JsonCodec json) {
        StoreNode store = registry.store();
        TopicOrder order = registry.order();
        ColdCatchUp cold = store == null ? null : new ColdCatchUp(order, store.history(), json);
        return new FollowerStart(registry, new CatchUp(order, json, cold));
    }

    /**
     * Sets how long a publish waits for the engine of a store; default 10 s. While the engine is
     * away, publishers wait so long for it, then they get a {@link StoreException}. Without a store
     * it has no meaning.
     *
     * @throws IllegalArgumentException when the time is not positive, or more than a day
     */
    public Topics publishTimeout(Duration timeout) {
        Required.notNull(timeout, "publishTimeout", "a time");
        if (!timeout.isPositive() || timeout.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException(
                    "publishTimeout: " + timeout + " (expected: a positive time, up to a day)");
        }
        StoreNode store = registry.store();
        if (store != null) {
            store.publishTimeout(timeout);
        }
        return this;
    }

    /**
     * Publishes an event, or data for one, and wakes the followers. Returns when the event is in
     * the topic's log; waits for no follower.
     *
     * @param event an {@link Event}, or data as {@link Event#of} takes it. An id of its own should
     *     be unique among all topics that one stream follows: a client resumes after the newest
     *     event that has it
     * @return the event's id: the one it was given, or its epoch and position
     * @throws IllegalArgumentException when the data cannot be written, the name of the topic is
     *     empty or over 256 characters, the event has a reserved name ({@code gap}, {@code
     *     checkpoint}, {@code snapshot}, {@code put}, {@code remove}, {@code heartbeat}, {@code
     *     status}, or one that begins with {@code run-}), or its id is empty, which would make the
     *     client forget its position, or has the shape of a topic's ids
     * @throws IllegalStateException when the topic or the topics are closed, or the topic is a
     *     {@link Table}
     */
    public String publish(String topic, Object event) {
        return publishing.publish(topic, event, false);
    }

    /**
     * Publishes an event as {@link #publish(String, Object)} does, if the options allow it.
     *
     * @throws ConflictException when the topic has another newest event than expected; nothing was
     *     published
     */
    public String publish(String topic, Object event, PublishOptions options) {
        return publishing.publish(
                topic, List.of(event instanceof Event whole ? whole : Event.of(event)), options);
    }

    /**
     * Publishes events as one step: followers get all of them one after another, or none.
     *
     * @return the id of the last
     * @throws IllegalArgumentException when there is none, or as {@link #publish(String, Object)}
     *     does
     */
    public String publish(String topic, List<Event> events) {
        return publishing.publish(topic, events, PublishOptions.NONE);
    }

    /**
     * Publishes an event without waiting for the engine of a store: the stage completes with the id
     * when {@link #publish(String, Object)} would return, or fails as that would. At most 8,192
     * events, and 32 MiB of them, may be under way. Without a store it has completed already; with
     * one, what depends on it runs on a virtual thread.
     *
     * @throws IllegalArgumentException as {@link #publish(String, Object)} does
     */
    public CompletionStage<String> publishAsync(String topic, Object event) {
        return publishing.publishAsync(topic, event, PublishOptions.NONE);
    }

    /** Publishes as {@link #publishAsync(String, Object)} does, if the options allow it. */
    public CompletionStage<String> publishAsync(
            String topic, Object event, PublishOptions options) {
        return publishing.publishAsync(topic, event, options);
    }

    /**
     * Changes state and publishes the event of the change as one step, as seen by the topic's
     * {@link TopicOptions#snapshot snapshot}: either a follower's snapshot holds the change or the
     * event comes after it, never both.
     *
     * @param change runs on this thread, one at a time for the topic; returns what {@link
     *     #publish(String, Object)} takes. It may publish events, also to other topics, but not
     *     changes of other topics
     * @throws IllegalStateException when this is called within a change of another topic or within
     *     a snapshot's supplier; or when it waited a second for another change of the topic, which
     *     is slow or waits for a lock that this thread holds. Nothing was changed or published then
     */
    public String publish(String topic, Supplier<?> change) {
        return publishing.publish(topic, change);
    }

    /**
     * Returns the id of the newest event of all topics: a client that connects with it gets what is
     * published from now on. For a page that is rendered with the state in it: read the id first,
     * then the state, and let the page open {@code /events?last-event-id=...}. A greeting with this
     * id tells a client which events are older than its stream.
     */
    public String lastEventId() {
        return registry.order().epoch().id(head());
    }

    // ---- Following ----

    /**
     * Returns a handler that follows topics: {@code app.get("/detections",
     * topics.stream("camera/1"))}. It needs no thread for a client that only follows.
     *
     * @throws IllegalArgumentException when no topic or more than {@link #MAX_FOLLOWED} are named
     */
    public TopicStream stream(String... names) {
        List<String> fixed = TopicRules.checkedNames(Arrays.asList(TopicRules.notNull(names)));
        return new TopicStream(this, request -> fixed, fixed);
    }

    /**
     * Returns a handler that follows the topics that the function names for the request; with no
     * names, the stream is quiet. The function is called at each connect, so that it may reject the
     * client by throwing an {@link HttpException}.
     */
    public TopicStream stream(Function<Request, ? extends Iterable<String>> names) {
        Required.notNull(names, "names", "a function that returns names of topics");
        return new TopicStream(this, request -> namesFor(request, names), null);
    }

    private static List<String> namesFor(
            Request request, Function<Request, ? extends Iterable<String>> names) {
        Iterable<String> wanted = names.apply(request);
        if (wanted == null) {
            throw new IllegalStateException(
                    "topics: null (expected: names; none makes a quiet stream)");
        }
        List<String> checked = TopicRules.distinctNames(wanted);
        String wrong = TopicRules.tooMany(checked);
        if (wrong != null) { // A function that gives names for a request has them from there.
            throw new HttpException(400, wrong);
        }
        return checked;
    }

    @Override
    TopicSelection select(String... names) {
        return stream(names);
    }

    /**
     * Follows topics within the process, from now on. Close the subscription when it is no longer
     * read.
     *
     * @throws IllegalArgumentException when no topic or more than {@link #MAX_FOLLOWED} are named
     */
    public Subscription follow(String... names) {
        return follow(names, null);
    }

    /**
     * Follows topics within the process, after an event that had this id. What was lost since is
     * reported by an event named {@code gap}.
     *
     * @throws IllegalArgumentException when no topic or more than {@link #MAX_FOLLOWED} are named
     */
    public Subscription followAfter(String lastEventId, String... names) {
        Required.notNull(lastEventId, "lastEventId", "an id; follow(names) begins without one");
        return follow(names, lastEventId);
    }

    private Subscription follow(String[] names, @Nullable String lastEventId) {
        List<String> followed = TopicRules.checkedNames(Arrays.asList(TopicRules.notNull(names)));
        var subscription = new Subscription();
        var wish = new StartPosition.Wish(lastEventId, head(), 0);
        followers.follow(subscription.sink(), followed, wish, null, new StreamClosingFrames());
        return subscription;
    }

    /**
     * Returns events that a topic keeps, without following it: for a page that is rendered, or a
     * client that asks from time to time. Returns at once, also when there are none. Of a topic
     * with a snapshot or with {@link TopicOptions#latestBy latestBy}, a reader gets what a follower
     * would get.
     *
     * @param after the id after which the events are wanted, as {@link History#next}; null for the
     *     newest events
     * @param limit how many events to return at most; at least 1
     * @throws IllegalArgumentException when the limit is less than 1, or the name is empty or over
     *     256 characters
     * @throws IllegalStateException when the snapshot of the topic failed
     * @throws CancellationException when the thread is interrupted; the interrupt flag is kept
     */
    public History history(String topic, @Nullable String after, int limit) {
        List<String> names = List.of(TopicRules.checkedName(topic));
        if (limit < 1) {
            throw new IllegalArgumentException("limit: " + limit + " (expected: at least 1)");
        }
        var wish = new StartPosition.Wish(after, head(), after == null ? limit : 0);
        try {
            return new TopicReading(registry, followers, names, limit)
                    .read(wish, null, 0, history -> history);
        } catch (InterruptedException e) {
            throw Interruption.of(e);
        }
    }

    // ---- Reactive streams ----

    /**
     * Returns a publisher of the events of topics, each subscriber from its subscription on. A
     * subscriber that asks for none lags like a slow client: its events wait in the topics' logs
     * only, and what it lost is reported by an event named {@code gap}. The signals come from one
     * virtual thread for each subscriber. It completes when its topics have ended, and fails when a
     * topic disconnects it because it is slow, or when a snapshot fails.
     *
     * @throws IllegalArgumentException when no topic or more than {@link #MAX_FOLLOWED} are named
     */
    public Flow.Publisher<Event> publisher(String... names) {
        List<String> followed = TopicRules.checkedNames(Arrays.asList(TopicRules.notNull(names)));
        return new TopicPublisher(() -> follow(followed.toArray(String[]::new)));
    }

    /**
     * Publishes what another publisher gives: each item as {@link #publish(String, Object)} does,
     * on the thread that gives it. A failure of the publisher, and an item that cannot be
     * published, ends this and is logged; the topic stays open.
     *
     * @throws IllegalArgumentException when the name is empty or over 256 characters
     */
    public void publishAll(String topic, Flow.Publisher<?> source) {
        TopicRules.checkedName(topic);
        Required.notNull(source, "source", "a publisher");
        source.subscribe(new TopicSubscriber(topic, item -> publish(topic, item)));
    }

    // ---- Topics by name ----

    /**
     * Sets what a topic keeps and how it treats followers that lag. What is published already
     * stays. Such a topic is never forgotten, even when nothing follows it and nothing is kept;
     * {@link #remove} ends that. For many topics set {@link #options} by prefix.
     *
     * @throws IllegalArgumentException when the name is empty or over 256 characters, or the topic
     *     has other options of its own already; functions count as the same only as one object
     */
    public Topic topic(String name, TopicOptions options) {
        TopicRules.checkedName(name);
        Required.notNull(options, "options", "options");
        TopicState state = registry.pinned(name);
        try {
            registry.configure(state, options);
        } finally {
            state.unpin();
        }
        return new Topic(this, name);
    }

    /**
     * Returns a topic by name; it need not exist.
     *
     * @throws IllegalArgumentException when the name is empty or over 256 characters
     */
    public Topic topic(String name) {
        return new Topic(this, TopicRules.checkedName(name));
    }

    /**
     * Sets the options of all topics whose names begin with the prefix, of those that exist and of
     * those to come. Options of the name itself win, then the longest prefix. Topics without
     * options of their own are forgotten when they keep nothing and nothing follows them.
     *
     * @param prefix such as {@code room/}; empty for all topics
     * @throws IllegalArgumentException when no name can begin so; or when the prefix has other
     *     options already; functions count as the same only as one object
     */
    public Topics options(String prefix, TopicOptions options) {
        TopicRules.checkPrefix(prefix);
        Required.notNull(options, "options", "options");
        registry.configureAll(prefix, options);
        return this;
    }

    /**
     * Makes a topic a table, whose followers get every row first and then each change: {@code
     * topics.table("sensors", new TableOptions().ttl(Duration.ofMinutes(5)))}. The same name and
     * options give the same table again. With a store, its rows are read first; streams of the
     * topic wait for them.
     *
     * @throws IllegalArgumentException when the name is empty or over 256 characters, the topic has
     *     events or options of its own, or it is a table with other options
     * @throws StoreException when the rows were not read within {@link #publishTimeout}. Reading
     *     goes on: call this again
     */
    public Table table(String name, TableOptions options) {
        TopicRules.checkedName(name);
        Required.notNull(options, "options", "options");
        TopicState state = registry.pinned(name);
        try {
            return registry.table(state, options);
        } finally {
            state.unpin();
        }
    }

    /**
     * Makes a topic a table of the users that are present: {@code topics.presence("room/1", request
     * -> request.query("name"))}. As long as a stream that follows the topic is open, the table has
     * a row with its name, whose value is {@code {"count": n}}: how many streams have that name. So
     * two tabs of one user are one row. With a store, the streams of all processes count, and its
     * rows are read first; rows of a process that was killed are removed within 30 s.
     *
     * @param name of the topic
     * @param who called once for each stream that follows the topic, before it opens, on a thread
     *     that may block. It returns a name of 1 to 256 characters, or null for a stream that only
     *     watches. What it throws rejects the client
     * @throws IllegalArgumentException when the name is empty or over 256 characters, the topic has
     *     events or options of its own, or it is another table or has another function, compared as
     *     objects
     * @throws StoreException when the rows were not read within {@link #publishTimeout}. Reading
     *     goes on: call this again
     */
    public Table presence(String name, Function<Request, @Nullable String> who) {
        TopicRules.checkedName(name);
        Required.notNull(who, "who", "a function that returns the name of a client");
        TopicState state = registry.pinned(name);
        try {
            return registry.presence(state, who);
        } finally {
            state.unpin();
        }
    }

    /**
     * Removes a topic: what it keeps, and its own options. Its followers are sent a gap with the
     * reason {@code removed} and follow the empty topic. A later publish to the name begins an
     * empty topic. A table loses its rows and becomes an ordinary topic; its followers are sent a
     * snapshot without rows after the gap.
     *
     * @return false when there was no such topic
     */
    public boolean remove(String name) {
        Required.notNull(name, "topic", "the name of a topic");
        return registry.remove(name);
    }

    // ---- The end ----

    /**
     * Ends all streams and subscriptions that follow the topics, once they have what was published,
     * and stops the upkeep. Does not wait for them. A later publish throws; later clients are
     * rejected with a reconnect delay. A server does not close the topics that it serves: close
     * them after it. {@link microdot.Microdot#run} does that for topics with a store when a signal
     * ends the process.
     */
    @Override
    public void close() {
        ClosedAtEnd.remove(this);
        registry.close();
    }

    // ---- For this package ----

    Publishing publishing() {
        return publishing;
    }

    boolean isClosed() {
        return registry.order().isClosed();
    }

    /** Returns the position up to which every event is in its log. */
    long head() {
        return registry.order().head();
    }

    TopicRegistry registry() {
        return registry;
    }

    FollowerStart followers() {
        return followers;
    }
}
