package microdot.sse;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.Append;
import microdot.sse.store.EndedException;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/**
 * The appends of this node that its store has not acknowledged, or whose entries its tail has not
 * delivered: a publisher goes on when the followers of its own node can have what it published.
 * Bounded in number. Any thread.
 */
final class StoreAppends {
    /** Removals of rows that are too old, under way at most: the next sweep tries the others. */
    private static final int MOST_EXPIRED = 1024;

    private static final int MOST_UNCHANGED = 2 * AppendRoom.MOST;

    /** A store that is late says more about the fate of an event than its publisher knows. */
    private static final Duration GRACE = Duration.ofMillis(250);

    private final EventStore store;
    private final TopicOrder order;
    private final AppendRoom room = new AppendRoom();
    private final Semaphore expiring = new Semaphore(MOST_EXPIRED);

    /** What waits until the tail has delivered a position. */
    private final ConcurrentSkipListMap<Long, CompletableFuture<Long>> awaited =
            new ConcurrentSkipListMap<>();

    /**
     * Positions of entries that changed nothing, with what their publishers get, until they ask.
     */
    private final ConcurrentSkipListMap<Long, Long> unchanged = new ConcurrentSkipListMap<>();

    private final QueuedAppends queued = new QueuedAppends(this::begin);
    private volatile Duration timeout = Duration.ofSeconds(10);

    StoreAppends(EventStore store, TopicOrder order) {
        this.store = store;
        this.order = order;
    }

    void timeout(Duration chosen) {
        timeout = chosen;
    }

    Duration timeout() {
        return timeout;
    }

    Set<EventStore.Limit> limits() {
        return store.limits();
    }

    // ---- Publishers ----

    /**
     * Appends, and waits until the tail has delivered the entries.
     *
     * @return the position of the last event; {@link TopicOrder#TOPIC_CLOSED}; or {@link
     *     TopicOrder#NOTHING} for the removal of a row that was removed before
     */
    long await(Append append) {
        Duration longest = timeout;
        long end = System.nanoTime() + longest.toNanos();
        boolean waited = awaitBack(end, longest);
        enter(append, end, longest);
        Duration left = waited ? Duration.ofNanos(Math.max(1, end - System.nanoTime())) : longest;
        return result(append, begin(append.within(left)), end, longest);
    }

    /** Appends, and waits for nothing. What the application does then is done on a new thread. */
    CompletionStage<Long> start(Append append) {
        if (!room.tryEnter(append)) {
            return CompletableFuture.failedFuture(full());
        }
        Duration longest = timeout;
        CompletableFuture<Long> begun = queued.begin(append.within(longest), longest);
        CompletableFuture<Long> result =
                begun.copy().orTimeout(longest.plus(GRACE).toNanos(), TimeUnit.NANOSECONDS);
        begun.whenComplete((position, failure) -> room.leave(append));
        // Not on the thread that completes it: that is the store's, for which every follower waits.
        return result.handleAsync(
                (position, failure) -> outcome(position, failure, longest),
                task -> Thread.ofVirtual().start(task));
    }

    private static Long outcome(
            @Nullable Long position, @Nullable Throwable failure, Duration longest) {
        if (position != null) {
            return position;
        }
        Throwable cause = failure == null ? null : cause(failure);
        if (cause instanceof EndedException) {
            return TopicOrder.TOPIC_CLOSED;
        }
        throw new CompletionException(
                cause instanceof TimeoutException late ? late(longest, late) : cause);
    }

    /** Appends in the background, if there is room. */
    void expire(Append append) {
        if (queued.away() == null && expiring.tryAcquire()) {
            CompletableFuture<Long> done = room.tryEnter(append) ? begin(append) : null;
            if (done == null) {
                expiring.release();
            } else {
                done.whenComplete(
                        (position, failure) -> {
                            room.leave(append);
                            expiring.release();
                        });
            }
        }
    }

    /** Returns whether the engine was away. */
    private boolean awaitBack(long end, Duration longest) {
        QueuedAppends.Away gone = queued.away();
        if (gone == null) {
            return false;
        }
        try {
            return gone.back().get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw gone.exception(longest);
        } catch (InterruptedException e) {
            throw interrupted("nothing was published", false, e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // Never completed so.
        }
    }

    /** Keeps the interrupt flag. */
    private static StoreException interrupted(
            String fate, boolean unknown, InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new StoreException(
                "store: interrupted while waiting for the engine (expected: no interrupt; "
                        + fate
                        + ")",
                unknown,
                cause);
    }

    private void enter(Append append, long end, Duration longest) {
        try {
            if (!room.enter(append, end)) {
                QueuedAppends.Away gone = queued.away();
                throw gone == null ? full() : gone.exception(longest);
            }
        } catch (InterruptedException e) {
            throw interrupted("nothing was published", false, e);
        }
    }

    private static StoreException full() {
        return new StoreException(
                "store: "
                        + AppendRoom.MOST
                        + " events, or "
                        + AppendRoom.MOST_KIB / 1024
                        + " MiB of them, wait for the engine (expected: fewer; publish more"
                        + " slowly, or several events as one list; nothing was published)");
    }

    /** Has room. */
    private CompletableFuture<Long> begin(Append append) {
        var done = new CompletableFuture<Long>();
        int events = (int) append.entries().stream().filter(StoreAppends::isNoEnd).count();
        try {
            store.append(append)
                    .whenComplete(
                            (positions, failure) -> {
                                try {
                                    if (failure != null) {
                                        done.completeExceptionally(cause(failure));
                                    } else {
                                        acknowledged(positions, Math.max(0, events - 1), done);
                                    }
                                } catch (RuntimeException | Error e) { // Of a wrong answer.
                                    done.completeExceptionally(e);
                                }
                            });
        } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
        return done;
    }

    /** Returns whether the entry at a position is the removal of its topic. Blocks. */
    boolean isRemoval(String topic, long position) {
        List<StoredEntry> found = store.read(topic, position - 1, position, 1).entries();
        return !found.isEmpty() && found.getFirst().entry().kind() == Entry.Kind.CLEAR;
    }

    private static boolean isNoEnd(Entry entry) {
        return entry.kind() != Entry.Kind.CLOSE;
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause == null ? failure : cause;
    }

    private void acknowledged(List<Long> positions, int lastEvent, CompletableFuture<Long> done) {
        long end = positions.getLast();
        long position = positions.get(Math.min(lastEvent, positions.size() - 1));
        seen(end)
                .thenAccept(
                        upTo -> {
                            Long instead = unchanged.remove(position);
                            done.complete(instead == null ? position : instead);
                        });
    }

    /** Completes when the tail has delivered everything up to a position that the engine has. */
    CompletableFuture<Long> seen(long position) {
        CompletableFuture<Long> seen =
                awaited.computeIfAbsent(position, at -> new CompletableFuture<>());
        if (order.head() >= position) { // Perhaps in between.
            awaited.remove(position, seen);
            seen.complete(position);
        }
        return seen;
    }

    /**
     * Waits until this node has been given what the engine has now. Blocks.
     *
     * @throws StoreException when the engine cannot be asked, or this node does not come so far,
     *     within the timeout
     */
    void catchUp() {
        Duration longest = timeout;
        long end = System.nanoTime() + longest.toNanos();
        awaitBack(end, longest);
        try {
            seen(store.head()).get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new StoreException(
                    "store: this process did not get what its engine has within "
                            + longest
                            + " (expected: an engine that answers, or a longer publishTimeout;"
                            + " nothing was published)",
                    false,
                    e);
        } catch (InterruptedException e) {
            throw interrupted("nothing was published", false, e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // Never completed so.
        }
    }

    private long result(
            Append append, CompletableFuture<Long> appended, long end, Duration longest) {
        appended.whenComplete((position, failure) -> room.leave(append));
        try {
            long left = Math.max(0, end - System.nanoTime()) + GRACE.toNanos();
            return appended.get(left, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw late(longest, e);
        } catch (InterruptedException e) {
            throw interrupted("the event may appear later", true, e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof EndedException) {
                return TopicOrder.TOPIC_CLOSED;
            }
            throw rethrown(cause);
        }
    }

    private static StoreException late(Duration longest, TimeoutException cause) {
        return new StoreException(
                "store: no answer within "
                        + longest
                        + " (expected: an engine that answers, or a longer publishTimeout; the"
                        + " event may appear later)",
                true,
                cause);
    }

    /** With the stack of the publisher, too. */
    private static RuntimeException rethrown(@Nullable Throwable cause) {
        if (cause instanceof RuntimeException known) {
            known.addSuppressed(new Throwable("the publisher"));
            return known;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return new StoreException("store: the append failed", true, cause);
    }

    // ---- The tail ----

    /** As {@link StoreTail.Unchanged#add}; called by one thread at a time. */
    void unchanged(long position, long instead) {
        unchanged.put(position, instead);
        if (unchanged.size() > MOST_UNCHANGED) {
            unchanged.pollFirstEntry(); // Of another node, or of a publisher that has gone.
        }
    }

    /** The tail has delivered the entries up to the position. */
    void reached(long position) {
        while (true) {
            Map.Entry<Long, CompletableFuture<Long>> first = awaited.firstEntry();
            if (first == null || first.getKey() > position) {
                break;
            }
            if (awaited.remove(first.getKey(), first.getValue())) {
                first.getValue().complete(first.getKey());
            }
        }
    }

    /** The tail delivers nothing more; what was acknowledged stays in the engine. */
    void close() {
        back();
        reached(Long.MAX_VALUE);
    }

    void away(String reason) {
        queued.away(reason);
    }

    void back() {
        queued.back();
    }

    /** Returns whether the engine can be reached, as far as is known. */
    boolean isAway() {
        return queued.away() != null;
    }
}
