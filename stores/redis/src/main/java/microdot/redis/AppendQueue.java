package microdot.redis;

import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import microdot.sse.store.Append;
import microdot.sse.store.ConflictException;
import microdot.sse.store.EndedException;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * The appends of a node that are not complete: those that wait for a link, those that were sent,
 * and those whose link ended before the reply. Each is in the engine at most once: it is sent again
 * only when the engine has proved that it does not have it.
 *
 * <p>Everything below the line runs as tasks of the mailbox.
 */
final class AppendQueue {

    /** Of one script; the last list may have more. */
    private static final int MOST_ENTRIES = 256;

    private static final long MOST_BYTES = 1 << 20;

    private final Settings settings;
    private final byte[] node;
    private final byte[] spine;
    private final LinkOwner owner;
    private final Mailbox mailbox;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong counter = new AtomicLong();
    private final AtomicLong known = new AtomicLong();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile boolean shut;
    private volatile boolean closed;

    // ---- Of the tasks only.

    private final Deque<PendingAppend> waiting = new ArrayDeque<>();
    private final Deque<PendingAppend> sent = new ArrayDeque<>();
    private final Deque<PendingAppend> limbo = new ArrayDeque<>();
    private final Deque<PendingAppend> refused = new ArrayDeque<>();
    private @Nullable RedisLink link;
    private byte[] turn = {};
    private String epoch = "";
    private boolean paused;
    private boolean running;
    private long runningSince;

    AppendQueue(Settings settings, String node, LinkOwner owner, Executor rest) {
        this.settings = settings;
        this.node = Keys.utf8(node);
        spine = Keys.utf8(settings.spine());
        this.owner = owner;
        mailbox = new Mailbox(this::send, rest);
    }

    /** Appends, or fails when too many appends are under way. */
    CompletionStage<List<Long>> append(Append append) {
        Duration chosen = append.timeout();
        Duration longest = chosen == null ? settings.timeout() : chosen;
        long deadline = System.nanoTime() + longest.toNanos();
        var pending = new PendingAppend(append, counter.incrementAndGet(), longest, deadline);
        int appends = open.incrementAndGet();
        long inFlight = bytes.addAndGet(pending.bytes);
        if (shut || appends > settings.appends() || inFlight > settings.bytes()) {
            open.decrementAndGet();
            bytes.addAndGet(-pending.bytes);
            pending.future.completeExceptionally(
                    shut ? AppendErrors.closed(false) : AppendErrors.tooMany(settings));
            return pending.future;
        }
        mailbox.post(() -> add(pending));
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
        mailbox.post(
                () -> {
                    link = now;
                    turn = Keys.utf8(ofTurn);
                    epoch = ofEpoch;
                    paused = false;
                    running = false;
                    againInOrder();
                });
    }

    /** The tail has reached this epoch. */
    void begins(String name) {
        mailbox.post(
                () -> {
                    epoch = name;
                    paused = false;
                });
    }

    /** The link has ended: what was sent on it is resolved before the next. */
    void detach(RedisLink ended) {
        mailbox.post(
                () -> {
                    if (link == ended) {
                        link = null;
                    }
                    limbo.addAll(sent);
                    sent.clear();
                });
    }

    /** Passes a copy of the appends whose fate the next link has to find out, as a task. */
    void unresolved(Consumer<List<PendingAppend>> resolver) {
        mailbox.post(() -> resolver.accept(limbo.stream().filter(each -> !each.done).toList()));
    }

    /** The engine has them: by their counters, with their first positions. */
    void found(Map<Long, Long> positions) {
        mailbox.post(
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
        mailbox.post(
                () -> {
                    limbo.forEach(each -> fail(each, new StoreException(reason, true, null)));
                    limbo.clear();
                });
    }

    /** Fails what has waited for too long; called often. */
    void expire(String reason) {
        long now = System.nanoTime();
        mailbox.post(
                () -> {
                    expire(waiting, now, reason, false);
                    expire(refused, now, reason, false);
                    expire(limbo, now, reason, true);
                    RedisLink stuck = link;
                    expire(sent, now, reason, true);
                    // A publisher may give up sooner, and also wait for longer than a command may.
                    boolean late = running && now - runningSince >= settings.timeout().toNanos();
                    if (late && stuck != null) {
                        owner.recheck(stuck);
                    }
                });
    }

    /** Refuses appends from now on; completes when those under way are complete. */
    CompletableFuture<Void> shut() {
        shut = true;
        mailbox.post(() -> {}); // Tells it if there are none.
        return ended;
    }

    /** Fails everything; and every append from now on. */
    void close() {
        shut = true;
        closed = true;
        mailbox.post(
                () -> {
                    link = null;
                    failAll(waiting, false);
                    failAll(refused, false);
                    failAll(limbo, true);
                    failAll(sent, true);
                });
    }

    private void failAll(Deque<PendingAppend> all, boolean unknown) {
        all.forEach(each -> fail(each, AppendErrors.closed(unknown)));
        all.clear();
    }

    // ---- Tasks.

    private void add(PendingAppend pending) {
        if (closed) {
            fail(pending, AppendErrors.closed(false));
        } else {
            waiting.add(pending);
        }
    }

    private void send() {
        if (shut && open.get() == 0) {
            ended.complete(null);
        }
        RedisLink now = link;
        if (now == null || paused || (!refused.isEmpty() && !sent.isEmpty())) {
            return; // Those that were sent and will be refused come before the others.
        }
        again(refused);
        if (waiting.isEmpty()) {
            return;
        }
        // One script in flight: the others wait and share the next. Besides, a write of an event
        // loop could overtake the one that another thread has handed to it.
        if (!running) {
            send(now, batch(now));
        }
    }

    // As many as wait, so that the steps that all need are made once.
    private List<PendingAppend> batch(RedisLink now) {
        var batch = new ArrayList<PendingAppend>();
        int entries = 0;
        long bytes = 0;
        while (!waiting.isEmpty() && entries < MOST_ENTRIES && bytes < MOST_BYTES) {
            PendingAppend pending = waiting.removeFirst();
            if (!pending.done) {
                pending.link = now;
                pending.epoch = epoch;
                pending.after = known.get();
                entries += pending.entries;
                bytes += pending.bytes;
                batch.add(pending);
            }
        }
        return batch;
    }

    private void send(RedisLink now, List<PendingAppend> batch) {
        if (batch.isEmpty()) {
            return;
        }
        sent.addAll(batch);
        running = true;
        runningSince = System.nanoTime();
        var values = new ArrayList<byte[]>(5 + 11 * batch.size());
        values.add(Keys.utf8(epoch));
        values.add(node);
        values.add(turn);
        values.add(Keys.utf8(settings.skew().getAsLong()));
        values.add(spine);
        for (PendingAppend pending : batch) {
            Collections.addAll(values, pending.arguments);
        }
        var command = now.script(Script.APPEND, values.toArray(byte[][]::new));
        command.whenComplete(
                (reply, error) -> mailbox.post(() -> replied(batch, now, reply, error)));
        try {
            now.appends.dispatch(command);
        } catch (RuntimeException e) {
            command.completeExceptionally(e);
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
            List<PendingAppend> batch,
            RedisLink from,
            @Nullable List<Object> reply,
            @Nullable Throwable error) {
        if (link == from) {
            running = false;
        }
        List<?> results = reply == null ? List.of() : Replies.list(reply.getFirst());
        for (int i = 0; i < batch.size(); i++) {
            PendingAppend pending = batch.get(i);
            if (pending.done || pending.link != from) {
                continue;
            }
            boolean current = sent.remove(pending);
            if (error != null || results.isEmpty()) {
                failed(pending, from, current, error);
                continue;
            }
            if (!current) {
                limbo.remove(pending);
            }
            if (results.size() == 1) {
                refused(pending, from, Replies.number(results.getFirst()) == 2);
            } else {
                decided(pending, results.subList(3 * i, 3 * i + 3));
            }
        }
        if (reply != null) {
            Replies.list(reply.get(1)).forEach(topic -> owner.full(from, Replies.text(topic)));
        }
    }

    private void decided(PendingAppend pending, List<?> result) {
        long first = Replies.number(result.get(1));
        long code = Replies.number(result.getFirst());
        if (code == 5) {
            fail(pending, new EndedException(pending.topic));
        } else if (code == 6 || code == 7) {
            fail(pending, AppendErrors.foreignKey(settings.namespace(), code == 7));
        } else if (code == 1) {
            long expected = pending.expected.orElse(0);
            fail(pending, new ConflictException(pending.topic, expected, first));
        } else {
            succeed(pending, PendingAppend.positions(first, Replies.number(result.get(2))));
        }
    }

    // Nothing was appended.
    private void refused(PendingAppend pending, RedisLink from, boolean epochBegan) {
        refused.add(pending);
        if (!epochBegan) {
            paused = true;
            owner.recheck(from);
        } else if (pending.epoch.equals(epoch)) { // Else the tail was faster.
            paused = true;
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
        limbo.remove(pending);
        if (AppendErrors.isElsewhere(refusal)) {
            refused(pending, from, false);
        } else {
            fail(pending, AppendErrors.refused(refusal));
            if (!AppendErrors.isBeforeTheFirstWrite(refusal)) {
                paused = true; // How far the script came is to be looked at.
                owner.recheck(from);
            }
        }
    }

    private void expire(Deque<PendingAppend> all, long now, String reason, boolean unknown) {
        for (Iterator<PendingAppend> each = all.iterator(); each.hasNext(); ) {
            PendingAppend pending = each.next();
            if (pending.done || pending.deadline - now <= 0) {
                each.remove();
                fail(pending, AppendErrors.late(pending.longest, reason, unknown));
            }
        }
    }

    private void succeed(PendingAppend pending, List<Long> positions) {
        if (end(pending)) {
            knows(positions.getLast());
            mailbox.afterwards(() -> pending.future.complete(positions));
        }
    }

    private void fail(PendingAppend pending, StoreException error) {
        if (end(pending)) {
            mailbox.afterwards(() -> pending.future.completeExceptionally(error));
        }
    }

    private boolean end(PendingAppend pending) {
        if (pending.done) {
            return false;
        }
        pending.done = true;
        open.decrementAndGet();
        bytes.addAndGet(-pending.bytes);
        return true;
    }
}
