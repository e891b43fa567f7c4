package microdot.nats;

import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import microdot.sse.store.Append;
import microdot.sse.store.ConflictException;
import microdot.sse.store.EndedException;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * The appends of one node that are not complete. An append completes when the node's own tail has
 * its entry: then every node gets the entry, and its position is certain. So an append whose
 * connection ends is complete as well, as soon as the next connection shows its entry.
 *
 * <p>Every method may be called from any thread.
 */
final class Appends {
    private final NatsSettings settings;
    private final String node = StoreEpoch.newName();
    private final TopicEnds ends;
    private final Consumer<Link> doubted;

    /** By number. Whoever removes an append completes it. */
    private final ConcurrentMap<Long, PendingAppend> pending = new ConcurrentHashMap<>();

    /** Not sent yet, in the order of the calls. */
    private final Queue<PendingAppend> waiting = new ConcurrentLinkedQueue<>();

    /** Answered before the tail was there. */
    private final Queue<PendingAppend> answered = new ConcurrentLinkedQueue<>();

    private final AtomicLong numbers = new AtomicLong();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicLong bytesInFlight = new AtomicLong();

    /** How often somebody wanted to send since the thread that sends has looked. */
    private final AtomicInteger wanted = new AtomicInteger();

    private volatile @Nullable Link link;
    private volatile @Nullable TailState tail;
    private volatile boolean closed;

    /**
     * @param doubted gets a link whose stream does not answer as it should
     */
    Appends(NatsSettings settings, TopicEnds ends, Consumer<Link> doubted) {
        this.settings = settings;
        this.ends = ends;
        this.doubted = doubted;
    }

    CompletionStage<List<Long>> append(Append append) {
        String refused = refusal(append);
        if (refused != null) {
            return CompletableFuture.failedFuture(new StoreException(refused));
        }
        int size = EntryMessage.size(append);
        int count = inFlight.incrementAndGet();
        long bytes = bytesInFlight.addAndGet(size);
        if (count > settings.maxInFlight || (bytes > settings.maxInFlightBytes && count > 1)) {
            inFlight.decrementAndGet();
            bytesInFlight.addAndGet(-size);
            return CompletableFuture.failedFuture(new StoreException(tooMany(count - 1, bytes)));
        }
        var added = new PendingAppend(append, numbers.incrementAndGet(), size, settings.timeout);
        pending.put(added.number, added);
        waiting.add(added);
        send();
        if (closed) {
            failClosed(added);
        }
        return added.result;
    }

    private @Nullable String refusal(Append append) {
        if (closed) {
            return "store: closed (expected: an open one)";
        }
        int entries = append.entries().size();
        if (entries > 1) {
            return "entries: "
                    + entries
                    + " (expected: 1; NATS cannot append several entries as one step, so publish"
                    + " them one at a time, or use another store)";
        }
        return null;
    }

    private String tooMany(int count, long bytes) {
        return "appends: "
                + count
                + " with "
                + bytes
                + " bytes in flight (expected: at most maxInFlight, "
                + settings.maxInFlight
                + ", and "
                + settings.maxInFlightBytes
                + " bytes; wait for earlier ones, or raise it)";
    }

    /** Sends what waits, if no other thread does. */
    private void send() {
        if (wanted.getAndIncrement() != 0) {
            return;
        }
        // The queue of the connection would drop what an interrupted thread publishes.
        boolean interrupted = Thread.interrupted();
        int seen = 1;
        do {
            sendWaiting();
            seen = wanted.addAndGet(-seen);
        } while (seen != 0);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void sendWaiting() {
        while (true) {
            PendingAppend next = waiting.peek();
            Link current = link;
            TailState state = tail;
            if (next == null) {
                return;
            }
            if (!next.result.isDone()) {
                if (current == null || state == null) {
                    return;
                }
                if (next.take() && !send(next, current, state)) {
                    next.release();
                    return;
                }
            }
            waiting.poll();
        }
    }

    /** Returns whether the append need not wait any longer. */
    private boolean send(PendingAppend next, Link to, TailState state) {
        Headers headers =
                EntryMessage.headers(
                        next.append, node + "." + next.number, expected(next.append, state));
        byte[] bytes = next.append.entries().getFirst().bytes();
        int length = bytes.length + headers.serializedLength();
        if (length > to.maxPayload()) {
            fail(
                    next,
                    "entry: "
                            + length
                            + " bytes (expected: at most "
                            + to.maxPayload()
                            + ", which is max_payload of the server)");
            return true;
        }
        next.tailWhenSent = state.sequence();
        next.link = to;
        try {
            to.publish(next.topic(), next.number, headers, bytes);
            return true;
        } catch (IllegalStateException e) {
            next.link = null;
            doubt(to);
            return false;
        } catch (IllegalArgumentException e) {
            fail(next, "NATS: " + e.getMessage());
            return true;
        }
    }

    /** Returns the sequence that the topic must have as its last; -1 if it does not matter. */
    private static long expected(Append append, TailState state) {
        OptionalLong expected = append.expectedLast();
        if (expected.isEmpty()) {
            return -1;
        }
        Long exact = state.positions().exactSequence(expected.getAsLong());
        return exact == null ? Long.MAX_VALUE : exact; // No sequence at all: a conflict.
    }

    /** From now on appends go over a link, first those that wait. */
    void attach(Link to) {
        link = to;
        send();
    }

    /** From now on appends wait. */
    void detach(Link from) {
        if (link == from) {
            link = null;
        }
    }

    /** The server has answered. What comes late, after the link was left, does not count. */
    void answer(Link over, long number, Message message) {
        TailState state = tail;
        PendingAppend append = pending.get(number);
        if (state == null || append == null || append.link != over || link != over) {
            return;
        }
        Answer answer = Answer.of(message);
        switch (answer.kind()) {
            case STORED -> {
                if (answer.sequence() <= append.tailWhenSent) {
                    // A stream that was made again by another tool, under the same subjects.
                    doubt(over);
                } else {
                    answered(append, answer.sequence(), state);
                }
            }
            case DUPLICATE -> answered(append, answer.sequence(), state);
            case CONFLICT -> {
                append.conflict = true;
                answered(append, answer.sequence(), state);
            }
            case REFUSED -> fail(append, "NATS refused the entry: " + answer.text());
            case NO_STREAM -> {
                doubt(over);
                fail(append, "NATS: no stream takes the entry: " + answer.text());
            }
        }
    }

    private void doubt(Link over) {
        detach(over);
        doubted.accept(over);
    }

    private void answered(PendingAppend append, long sequence, TailState state) {
        append.answered = sequence;
        answered.add(append);
        TailState now = tail;
        if (state.sequence() >= sequence) {
            settle(append, state);
        } else if (now != null && now.sequence() >= sequence && link == append.link) {
            settle(append, now);
        }
    }

    /** The answer is final: the tail is beyond it. */
    private void settle(PendingAppend append, TailState state) {
        long position = state.positions().position(append.answered);
        if (append.conflict) {
            long expected = append.append.expectedLast().orElse(0);
            fail(append, new ConflictException(append.topic(), expected, position));
        } else if (ends.isRefused(append.answered)) { // The first one with its idempotency key.
            fail(append, new EndedException(append.topic()));
        } else if (take(append)) {
            append.result.complete(List.of(position));
        }
    }

    /** Whether a message is of this node; returns its number, or 0. */
    long number(@Nullable Headers headers) {
        String from = headers == null ? null : headers.getFirst(EntryMessage.FROM);
        if (from == null || !from.startsWith(node + ".")) {
            return 0;
        }
        try {
            return Long.parseLong(from, node.length() + 1, from.length(), 10);
        } catch (NumberFormatException e) {
            return 0; // Something else has published it.
        }
    }

    /** The tail has the entry of an append of this node. */
    void complete(long number, long position) {
        PendingAppend append = pending.get(number);
        if (append != null && take(append)) {
            append.result.complete(List.of(position));
        }
    }

    /** The topic had ended. Returns what tells the publisher; null if it is not of this node. */
    @Nullable Runnable refused(long number) {
        PendingAppend own = number == 0 ? null : pending.get(number);
        return own == null || !take(own)
                ? null
                : () -> own.result.completeExceptionally(new EndedException(own.topic()));
    }

    /** The tail is there now. */
    void advance(TailState state) {
        tail = state;
        for (PendingAppend next = answered.peek(); next != null; next = answered.peek()) {
            if (!next.result.isDone() && next.link == link) {
                if (next.answered > state.sequence()) {
                    return;
                }
                settle(next, state);
            }
            answered.poll();
        }
    }

    /** The tail goes on from here: what an earlier connection has answered does not count. */
    void resume(TailState state) {
        answered.clear();
        tail = state;
    }

    /** The tail has everything that was sent over earlier links, and not these. */
    void failSent(@Nullable Link current) {
        pending.values().stream()
                .filter(append -> append.link != null && append.link != current)
                .forEach(
                        append ->
                                failUnknown(
                                        append,
                                        "NATS: the connection ended before the entry was"
                                                + " acknowledged, and the stream does not have it"
                                                + " so far"));
    }

    /** Fails what has waited for too long. */
    void expire() {
        long now = System.nanoTime();
        for (PendingAppend append : pending.values()) {
            if (now - append.deadline >= 0) {
                String after = " within " + append.longest.toMillis() + " ms";
                if (append.take()) {
                    fail(append, "NATS: cannot be reached" + after);
                } else {
                    failUnknown(append, "NATS: the entry was not acknowledged" + after);
                }
            }
        }
        send(); // Removes failed ones from the queue.
    }

    /**
     * Refuses further appends.
     *
     * @param wait whether to wait for earlier ones, as long as one may take
     */
    void close(boolean wait) {
        closed = true;
        var under = pending.values().stream().map(append -> append.result).toList();
        if (wait) {
            try {
                CompletableFuture.allOf(under.toArray(new CompletableFuture<?>[0]))
                        .get(settings.timeout.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException | TimeoutException e) {
                // They fail later.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Fails everything that is not complete. */
    void failAll() {
        pending.values().forEach(this::failClosed);
    }

    private void failClosed(PendingAppend append) {
        if (append.take()) {
            fail(append, "store: closed");
        } else {
            failUnknown(append, "store: closed before the entry was acknowledged");
        }
    }

    private void fail(PendingAppend append, String message) {
        fail(append, new StoreException(message));
    }

    private void failUnknown(PendingAppend append, String message) {
        fail(
                append,
                new StoreException(
                        message
                                + " (it may appear later; an idempotency key makes it safe to"
                                + " publish it again)",
                        true,
                        null));
    }

    private void fail(PendingAppend append, StoreException failure) {
        if (take(append)) {
            append.result.completeExceptionally(failure);
        }
    }

    /** Returns whether the caller is to complete it. */
    private boolean take(PendingAppend append) {
        if (!pending.remove(append.number, append)) {
            return false;
        }
        inFlight.decrementAndGet();
        bytesInFlight.addAndGet(-append.bytes);
        return true;
    }
}
