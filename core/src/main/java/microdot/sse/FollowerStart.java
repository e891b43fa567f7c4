package microdot.sse;

import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Function;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.ClosingFrames;
import microdot.sse.log.DeliveryTask;
import microdot.sse.log.DeliveryTasks;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/** Starts followers: fixes where each begins, and registers it with its topics and its loop. */
final class FollowerStart {
    private final TopicRegistry registry;
    private final TopicOrder order;
    private final DeliveryTasks tasks;
    private final CatchUp catchUp;
    private final FilterFailures failures = new FilterFailures();

    FollowerStart(TopicRegistry registry, CatchUp catchUp) {
        this.registry = registry;
        this.order = registry.order();
        this.tasks = registry.tasks();
        this.catchUp = catchUp;
    }

    /** Returns what is known of the filters of all followers. */
    FilterFailures failures() {
        return failures;
    }

    /**
     * Makes the sink follow topics. On an event loop, everything that may wait runs on another
     * thread.
     *
     * @param closingFrames the stream's, which ask the follower once delivery has started
     */
    Follower follow(
            BodySink sink,
            List<String> names,
            StartPosition.Wish wish,
            @Nullable FollowerFilter filter,
            StreamClosingFrames closingFrames) {
        boolean hasId = wish.lastEventId() != null;
        Follower follower =
                wish.heartbeatEvents()
                        ? new HeartbeatFollower(this::isAway, order, catchUp, sink, filter, hasId)
                        : new Follower(order, catchUp, sink, filter, hasId);
        sink.feed(follower);
        sink.keepAlive(follower::heartbeat);
        StoreNode store = registry.store();
        String lastEventId = wish.lastEventId();
        if (store != null && lastEventId != null && store.isUnknown(lastEventId)) {
            Runnable rest =
                    () -> {
                        String known = store.known(names, lastEventId);
                        if (known == null) {
                            endForNow(sink);
                        } else {
                            begin(follower, names, wish.from(known), filter, closingFrames);
                        }
                    };
            sink.onClose(follower::stop); // It may have to wait for the engine.
            if (sink.isOnLoop()) {
                follower.onThread(names, rest);
            } else {
                follower.guarded(names, rest);
            }
        } else {
            begin(follower, names, wish, filter, closingFrames);
        }
        return follower;
    }

    private boolean isAway() {
        StoreNode store = registry.store();
        return store != null && store.isAway();
    }

    /** The client tries again, perhaps on another node. */
    private static void endForNow(BodySink sink) {
        try {
            sink.write(Retry.about(Duration.ofSeconds(2)));
            sink.end(CloseReason.FAILED);
        } catch (ClosedChannelException e) {
            // The client has left.
        } catch (InterruptedException e) {
            throw Interruption.of(e);
        }
    }

    private void begin(
            Follower follower,
            List<String> names,
            StartPosition.Wish wish,
            @Nullable FollowerFilter filter,
            StreamClosingFrames closingFrames) {
        BodySink sink = follower.sink;
        var start = new StartPosition(order, catchUp, sink, filter != null);
        if (beginWithoutLock(follower, sink, names, wish, start, closingFrames)) {
            return;
        }
        Runnable begin = () -> begin(follower, sink, names, wish, start, closingFrames);
        if (!sink.isOnLoop()) {
            begin.run();
            follower.prepare(names, preparations(start), elsewhere(follower, names, start));
        } else if (!order.runIfFree(begin)) {
            follower.onFrameworkThread(
                    names,
                    () -> {
                        begin.run();
                        prepareElsewhere(follower, names, start);
                    });
        } else {
            prepareElsewhere(follower, names, start);
        }
    }

    /**
     * Makes the sink follow one topic, which the caller has pinned. Not on an event loop.
     *
     * @param own computes what followers of this topic get, with its ids
     * @param start where the follower begins; the head of the order may be beyond it
     */
    void follow(
            BodySink sink,
            TopicState topic,
            CatchUp own,
            Consumer<StartPosition> start,
            StreamClosingFrames closingFrames) {
        TopicOrder order = own.order();
        var follower = new Follower(order, own, sink, null, true);
        sink.feed(follower);
        sink.keepAlive(follower::heartbeat);
        var position = new StartPosition(order, own, sink, false);
        order.runLocked(() -> start.accept(position));
        begin(follower, sink, position, closingFrames);
        List<String> names = List.of(topic.name);
        follower.prepare(names, preparations(position), elsewhere(follower, names, position));
    }

    private static void prepareElsewhere(
            Follower follower, List<String> names, StartPosition start) {
        if (start.preparations().isEmpty()) {
            return;
        }
        Consumer<Runnable> elsewhere = elsewhere(follower, names, start);
        elsewhere.accept(() -> follower.prepare(names, preparations(start), elsewhere));
    }

    private static Queue<Map.Entry<Cursor, Function<Waiter, CatchUpResult>>> preparations(
            StartPosition start) {
        return new ArrayDeque<>(start.preparations().entrySet());
    }

    /** What waits for no code of the application, and no store, needs no carrier thread either. */
    private static Consumer<Runnable> elsewhere(
            Follower follower, List<String> names, StartPosition start) {
        return start.preparations().keySet().stream()
                        .anyMatch(
                                cursor ->
                                        cursor.topic.hasSnapshotOfUser()
                                                || cursor.topic.waitsForStore())
                ? task -> follower.onThread(names, task)
                : task -> follower.onFrameworkThread(names, task);
    }

    /**
     * Begins as {@link #begin} does, without the lock of the order. Returns false, and changes
     * nothing, if that needs the lock.
     */
    private boolean beginWithoutLock(
            Follower follower,
            BodySink sink,
            List<String> names,
            StartPosition.Wish wish,
            StartPosition start,
            StreamClosingFrames closingFrames) {
        var topics = new ArrayList<TopicState>(names.size());
        for (String name : names) {
            TopicState topic = registry.existing(name);
            if (topic == null || !topic.pin()) {
                break;
            }
            topics.add(topic);
        }
        boolean known = !names.isEmpty() && topics.size() == names.size();
        if (!known || !start.fixWithoutLock(topics, wish, order.now())) {
            topics.forEach(TopicState::unpin);
            return false;
        }
        begin(follower, sink, start, closingFrames);
        return true;
    }

    /** Fixes where the follower begins, and starts delivery on its loop. */
    private void begin(
            Follower follower,
            BodySink sink,
            List<String> names,
            StartPosition.Wish wish,
            StartPosition start,
            StreamClosingFrames closingFrames) {
        var topics = new ArrayList<TopicState>(Math.max(1, names.size()));
        if (names.isEmpty()) {
            topics.add(registry.quiet());
        }
        for (String name : names) {
            topics.add(registry.pinned(name));
        }
        order.runLocked(
                () -> {
                    long now = order.now();
                    topics.forEach(topic -> topic.log.trim(now));
                    start.fix(topics, wish);
                });
        begin(follower, sink, start, closingFrames);
    }

    /** Starts delivery on the follower's loop. Its topics are pinned. */
    private void begin(
            Follower follower,
            BodySink sink,
            StartPosition start,
            StreamClosingFrames closingFrames) {
        DeliveryTask task = join(sink, start);
        // An array, and not the list it is made from: it lives as long as the stream.
        Cursor[] cursors = start.cursors().toArray(Cursor[]::new);
        long idsFrom = start.idsFrom();
        follower.onLoop(() -> follower.begin(cursors, idsFrom, closingFrames));
        sink.onClose(
                () -> {
                    // Here and not on the loop: a loop that has stopped would never run it.
                    for (Cursor cursor : cursors) {
                        cursor.depart();
                    }
                    task.leave();
                    follower.stop();
                    follower.onLoop(follower::leave);
                });
    }

    /** Returns the task that wakes the cursors from now on. */
    private DeliveryTask join(BodySink sink, StartPosition start) {
        DeliveryTask task = tasks.join(sink.loop());
        for (Cursor cursor : start.cursors()) {
            cursor.topic.followers.incrementAndGet();
            cursor.wokenBy(cursor.topic.readers.join(task));
        }
        return task;
    }

    /**
     * Returns the closing frames for a stream that is closed before delivery started. A new client
     * would reconnect as new, without what was published since, and so gets an id. The exception is
     * a client that begins with a snapshot, with the newest event of each key, with the last
     * events, or with a topic that has ended: with an id it would not be sent those.
     */
    ClosingFrames beforeDelivery(List<String> names, StartPosition.Wish wish) {
        return delay ->
                wish.lastEventId() != null
                                || wish.last() > 0
                                || beginWithState(names)
                                || registry.ends().isAnyClosed(names)
                        ? Retry.in(delay)
                        : StreamClosingFrames.join(
                                EventEncoder.checkpoint(order.epoch().idLine(wish.opened())),
                                Retry.in(delay));
    }

    private boolean beginWithState(List<String> names) {
        for (String name : names) {
            TopicOptions options = registry.options(name);
            TopicState known = registry.existing(name);
            boolean elsewhere = known != null && known.isTableElsewhere();
            boolean isTable = elsewhere || registry.isTable(name);
            if (options.snapshot() != null || options.key() != null || isTable) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether code of the application makes a snapshot of one of the topics. */
    boolean haveSnapshot(List<String> names) {
        for (String name : names) {
            if (registry.options(name).snapshot() != null) {
                return true;
            }
        }
        return false;
    }
}
