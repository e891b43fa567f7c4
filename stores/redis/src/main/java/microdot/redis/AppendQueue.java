package microdot.redis;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.protocol.AsyncCommand;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import microdot.sse.store.Append;
import microdot.sse.store.ConflictException;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * The appends of a node that are not complete: those that wait for a link, those that were sent,
 * and those whose link ended before the reply. Each is in the engine at most once: it is sent again
 * only when the engine has proved that it does not have it.
 *
 * <p>Everything below the line runs as one task after another, on whatever thread added the task; a
 * thread that has run many leaves the others to the executor.
 */
final class AppendQueue {
    private static final Logger LOG = System.getLogger("microdot.redis");
    private static final int MOST_TASKS = 256;

    private static final String CLOSED = "store: closed (expected: append before close)";

    /** What the queue asks of its node. */
    interface Owner {
        /** The engine does not know this node any more: the link must be checked again. */
        void recheck(RedisLink link);

        /** The link gives no reply. */
        void stuck(RedisLink link);
    }

    private final Settings settings;
    private final byte[] node;
    private final Owner owner;
    private final Executor rest;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger scheduled = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong counter = new AtomicLong();
    private final AtomicLong known = new AtomicLong();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile @Nullable String closed;

    // ---- Of the tasks only.

    private final Deque<PendingAppend> waiting = new ArrayDeque<>();
    private final Deque<PendingAppend> sent = new ArrayDeque<>();
    private final Deque<PendingAppend> limbo = new ArrayDeque<>();
    private final Deque<PendingAppend> refused = new ArrayDeque<>();
    private final List<Runnable> completions = new ArrayList<>();
    private @Nullable RedisLink link;
    private byte[] turn = {};
    private String epoch = "";
    private boolean paused;

    AppendQueue(Settings settings, String node, Owner owner, Executor rest) {
        this.settings = settings;
        this.node = Keys.utf8(node);
        this.owner = owner;
        this.rest = rest;
    }

    /** Appends, or fails when too many appends are under way. */
    CompletionStage<List<Long>> append(Append append) {
        long deadline = System.nanoTime() + settings.timeout().toNanos();
        var pending = new PendingAppend(append, counter.incrementAndGet(), deadline, settings);
        if (open.incrementAndGet() > settings.appends()) {
            open.decrementAndGet();
            pending.future.completeExceptionally(
                    new StoreException(
                            "store: more than "
                                    + settings.appends()
                                    + " appends are waiting or in flight (publish more slowly, or"
                                    + " raise RedisStore.appendsInFlight)"));
            return pending.future;
        }
        post(() -> add(pending));
        return pending.future;
    }

    /** Notes a position that the tail was given. */
    void knows(long position) {
        known.accumulateAndGet(position, Math::max);
    }

    /** Returns the highest position that this node was given. */
    long known() {
        return known.get();
    }

    /** Appends are sent on this link from now on, those first that were found not to be there. */
    void attach(RedisLink now, long ofTurn, String ofEpoch) {
        post(
                () -> {
                    link = now;
                    turn = Keys.utf8(ofTurn);
                    epoch = ofEpoch;
                    paused = false;
                    againInOrder();
                });
    }

    /** The tail has reached this epoch. */
    void begins(String name) {
        post(
                () -> {
                    epoch = name;
                    paused = false;
                });
    }

    /** The link has ended: what was sent on it is resolved before the next. */
    void detach(RedisLink ended) {
        post(
                () -> {
                    if (link == ended) {
                        link = null;
                    }
                    limbo.addAll(sent);
                    sent.clear();
                });
    }

    /**
     * Passes the appends whose fate the next link has to find out.
     *
     * @param resolver runs as a task: takes a copy
     */
    void unresolved(Consumer<List<PendingAppend>> resolver) {
        post(() -> resolver.accept(limbo.stream().filter(each -> !each.done).toList()));
    }

    /** The engine has them: by their counters, with their first positions. */
    void found(Map<Long, Long> positions) {
        post(
                () -> {
                    for (PendingAppend pending : limbo) {
                        Long first = positions.get(pending.counter);
                        if (first != null) {
                            succeed(pending, PendingAppend.positions(first, pending.entries));
                        }
                    }
                    limbo.removeIf(each -> each.done);
                });
    }

    /** Nothing can prove any more whether the engine had the others. */
    void unknown(String reason) {
        post(
                () -> {
                    limbo.forEach(each -> fail(each, new StoreException(reason, true, null)));
                    limbo.clear();
                });
    }

    /** Fails what has waited for too long; called often. */
    void expire(String reason) {
        long now = System.nanoTime();
        post(
                () -> {
                    expire(waiting, now, reason, false);
                    expire(refused, now, reason, false);
                    expire(limbo, now, reason, true);
                    RedisLink stuck = link;
                    if (expire(sent, now, reason, true) && stuck != null) {
                        owner.stuck(stuck);
                    }
                });
    }

    /** Refuses appends from now on; completes when those under way are complete. */
    CompletableFuture<Void> shut() {
        closed = CLOSED;
        post(() -> {}); // Tells it if there are none.
        return ended;
    }

    /** Fails everything; and every append from now on. */
    void close() {
        String reason = CLOSED;
        closed = reason;
        post(
                () -> {
                    link = null;
                    for (Deque<PendingAppend> each : List.of(waiting, refused)) {
                        each.forEach(one -> fail(one, new StoreException(reason)));
                        each.clear();
                    }
                    for (Deque<PendingAppend> each : List.of(limbo, sent)) {
                        each.forEach(
                                one ->
                                        fail(
                                                one,
                                                new StoreException(
                                                        reason + "; it may have been appended",
                                                        true,
                                                        null)));
                        each.clear();
                    }
                });
    }

    private void post(Runnable task) {
        tasks.add(task);
        if (scheduled.getAndIncrement() == 0) {
            drain();
        }
    }

    private void drain() {
        int run = 0;
        int left;
        do {
            Runnable task = tasks.poll();
            try {
                if (task != null) {
                    task.run();
                }
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "Redis: an append was not understood; it fails later", e);
            }
            run++;
            if (scheduled.get() == 1 || run == MOST_TASKS) {
                send();
                var due = List.copyOf(completions);
                completions.clear();
                due.forEach(Runnable::run);
            }
            if (closed != null && open.get() == 0) {
                ended.complete(null);
            }
            left = scheduled.decrementAndGet();
        } while (left != 0 && run < MOST_TASKS);
        if (left != 0) {
            rest.execute(this::drain);
        }
    }

    // ---- Tasks.

    private void add(PendingAppend pending) {
        String end = closed;
        if (end == null) {
            waiting.add(pending);
        } else {
            fail(pending, new StoreException(end));
        }
    }

    private void send() {
        RedisLink now = link;
        if (now == null || paused || (!refused.isEmpty() && !sent.isEmpty())) {
            return; // Those that were sent and will be refused come before the others.
        }
        again(refused);
        if (waiting.isEmpty()) {
            return;
        }
        var commands = new ArrayList<AsyncCommand<byte[], byte[], List<Object>>>(waiting.size());
        byte[] name = Keys.utf8(epoch);
        for (PendingAppend pending; (pending = waiting.poll()) != null; ) {
            if (pending.done) {
                continue;
            }
            pending.link = now;
            pending.epoch = epoch;
            pending.after = known.get();
            sent.add(pending);
            var values = new byte[4 + pending.arguments.length][];
            values[0] = name;
            values[1] = node;
            values[2] = turn;
            values[3] = Keys.utf8(pending.counter);
            System.arraycopy(pending.arguments, 0, values, 4, pending.arguments.length);
            var command = now.script(Script.APPEND, values);
            PendingAppend one = pending;
            command.whenComplete((reply, error) -> post(() -> replied(one, now, reply, error)));
            commands.add(command);
        }
        if (!commands.isEmpty()) {
            try {
                now.appends.dispatch(commands);
            } catch (RuntimeException e) {
                commands.forEach(each -> each.completeExceptionally(e));
            }
        }
    }

    // The commands of a connection that has ended fail in any order.
    private void againInOrder() {
        var all = new ArrayList<>(limbo);
        all.addAll(refused);
        limbo.clear();
        refused.clear();
        all.sort(Comparator.comparingLong(each -> each.counter));
        again(new ArrayDeque<>(all));
    }

    private void again(Deque<PendingAppend> first) {
        for (PendingAppend pending; (pending = first.pollLast()) != null; ) {
            if (!pending.done) {
                waiting.addFirst(pending);
            }
        }
    }

    private void replied(
            PendingAppend pending,
            RedisLink from,
            @Nullable List<Object> reply,
            @Nullable Throwable error) {
        if (pending.done || pending.link != from) {
            return;
        }
        boolean current = sent.remove(pending);
        if (error != null || reply == null) {
            failed(pending, from, current, error);
            return;
        }
        if (!current) {
            limbo.remove(pending);
        }
        long first = Replies.number(reply.get(1));
        switch ((int) Replies.number(reply.getFirst())) {
            case 0 -> succeed(pending, PendingAppend.positions(first, pending.entries));
            case 1 ->
                    fail(
                            pending,
                            new ConflictException(
                                    pending.topic, pending.expected.orElse(0), first));
            case 3 ->
                    succeed(pending, PendingAppend.positions(first, Replies.number(reply.get(2))));
            case 2 -> {
                refused.add(pending);
                paused = paused || pending.epoch.equals(epoch); // Else the tail was faster.
            }
            default -> {
                refused.add(pending);
                paused = true;
                owner.recheck(from);
            }
        }
    }

    private void failed(
            PendingAppend pending, RedisLink from, boolean current, @Nullable Throwable error) {
        if (!(error instanceof RedisCommandExecutionException refusal)) {
            // The connection ended: before or after the append, the next link finds out.
            if (current) {
                limbo.add(pending);
            }
            return;
        }
        String text = String.valueOf(refusal.getMessage());
        if (text.startsWith("NOSCRIPT")
                || text.startsWith("READONLY")
                || text.startsWith("LOADING")
                || text.startsWith("MASTERDOWN")) {
            refused.add(pending);
            paused = true;
            owner.recheck(from);
            return;
        }
        limbo.remove(pending);
        boolean before =
                text.startsWith("OOM")
                        || text.startsWith("MISCONF")
                        || text.startsWith("NOPERM")
                        || text.startsWith("NOAUTH")
                        || text.startsWith("NOREPLICAS")
                        || text.startsWith("BUSY");
        fail(
                pending,
                new StoreException(
                        "Redis refused an append: " + text + " (look at the server)",
                        !before,
                        refusal));
    }

    private boolean expire(Deque<PendingAppend> all, long now, String reason, boolean unknown) {
        boolean any = false;
        for (Iterator<PendingAppend> each = all.iterator(); each.hasNext(); ) {
            PendingAppend pending = each.next();
            if (!pending.done && pending.deadline - now > 0) {
                break; // The others are younger.
            }
            each.remove();
            any |= !pending.done;
            fail(pending, late(reason, unknown));
        }
        return any;
    }

    private StoreException late(String reason, boolean unknown) {
        String within = " within " + settings.timeout().toMillis() + " ms";
        return new StoreException(
                unknown
                        ? "Redis: no reply to an append"
                                + within
                                + reason
                                + " (it may appear later; publish again with an idempotency key)"
                        : "Redis: an append could not be sent"
                                + within
                                + reason
                                + " (nothing was appended; publish again later, or raise"
                                + " RedisStore.timeout)",
                unknown,
                null);
    }

    private void succeed(PendingAppend pending, List<Long> positions) {
        if (end(pending)) {
            knows(positions.getLast());
            completions.add(() -> pending.future.complete(positions));
        }
    }

    private void fail(PendingAppend pending, StoreException error) {
        if (end(pending)) {
            completions.add(() -> pending.future.completeExceptionally(error));
        }
    }

    private boolean end(PendingAppend pending) {
        if (pending.done) {
            return false;
        }
        pending.done = true;
        open.decrementAndGet();
        return true;
    }
}
