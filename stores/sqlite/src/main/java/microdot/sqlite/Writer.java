package microdot.sqlite;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import microdot.sse.store.Append;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;

/**
 * The thread that writes. It takes everything that waits, up to a bound, and commits it as one
 * transaction: while the disk works, the next appends gather.
 */
final class Writer {
    private static final Logger LOG = System.getLogger("microdot.sqlite");

    /** How many appends a transaction has at most, and about how many bytes. */
    private static final long FAILED_PAUSE_NANOS = 10_000_000;

    private static final int MOST_APPENDS = 2048;

    private static final long MOST_BYTES = 8 << 20;

    /** How long a close waits for what is under way. */
    private static final Duration CLOSE_TIME = Duration.ofSeconds(60);

    private final Settings settings;
    private final Commits commits;
    private final Thread thread;
    private final Queue<Pending> queue = new ConcurrentLinkedQueue<>();
    private final Map<String, StoreRetention> retentions = new ConcurrentHashMap<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicLong inFlightBytes = new AtomicLong();
    private final AtomicBoolean idle = new AtomicBoolean();
    private boolean failed; // Confined to the writer.
    private volatile boolean closing;
    private volatile boolean ended;

    Writer(Settings settings, Commits commits) {
        this.settings = settings;
        this.commits = commits;
        thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("microdot-sqlite " + settings.path().getFileName())
                        .unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Does not block. */
    CompletableFuture<List<Long>> append(Append append) {
        var pending = new Pending(append);
        if (inFlight.incrementAndGet() > settings.maxInFlight()) {
            inFlight.decrementAndGet();
            return CompletableFuture.failedFuture(busy(settings.maxInFlight() + " appends"));
        }
        long before = inFlightBytes.getAndAdd(pending.bytes);
        if (before > 0 && before + pending.bytes > settings.maxInFlightBytes()) {
            release(pending);
            return CompletableFuture.failedFuture(busy(settings.maxInFlightBytes() + " bytes"));
        }
        queue.add(pending);
        if (ended) {
            failQueue(); // The writer may have looked for the last time before.
        } else {
            wake();
        }
        return pending.result;
    }

    private static StoreException busy(String what) {
        return new StoreException(
                "store: "
                        + what
                        + " wait to be written; nothing was appended (expected: fewer; publish"
                        + " more slowly, or set maxInFlight)");
    }

    private void release(Pending pending) {
        inFlight.decrementAndGet();
        inFlightBytes.addAndGet(-pending.bytes);
    }

    void retain(String topic, StoreRetention retention) {
        retentions.put(topic, retention);
        wake();
    }

    private void wake() {
        if (idle.get() && idle.compareAndSet(true, false)) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        try {
            while (!closing || !queue.isEmpty() || !retentions.isEmpty()) {
                try {
                    step();
                } catch (RuntimeException | Error e) {
                    // As when the heap is full. The thread goes on: nobody else would write.
                    LockSupport.parkNanos(this, FAILED_PAUSE_NANOS);
                }
            }
        } finally {
            ended = true;
            failQueue();
            commits.end();
        }
    }

    private void step() {
        boolean worked = writeBatch();
        boolean more = commits.tick(inFlight.get() > 0);
        if (!worked && !more) {
            await();
        }
    }

    private void await() {
        idle.set(true);
        if (queue.isEmpty() && (failed || retentions.isEmpty()) && !closing) {
            LockSupport.parkNanos(this, commits.waitNanos());
        }
        idle.set(false);
    }

    private boolean writeBatch() {
        List<Map.Entry<String, StoreRetention>> retain = takeRetentions();
        List<Pending> batch = take();
        if (batch.isEmpty() && retain.isEmpty()) {
            return false;
        }
        try {
            commits.write(batch, retain);
        } catch (StoreException e) {
            fail(batch, retain, e);
            return !batch.isEmpty();
        } catch (RuntimeException | Error e) {
            // As when the heap is full. The thread goes on, because nobody else would write.
            fail(batch, retain, new StoreException("store: cannot write: " + e, true, e));
            return !batch.isEmpty();
        }
        failed = false;
        batch.forEach(this::release);
        batch.forEach(Pending::complete);
        return !batch.isEmpty();
    }

    private void fail(
            List<Pending> batch,
            List<Map.Entry<String, StoreRetention>> retain,
            StoreException reason) {
        failed = true;
        retain.forEach(each -> retentions.putIfAbsent(each.getKey(), each.getValue()));
        if (closing) {
            retentions.clear();
        }
        batch.forEach(this::release);
        batch.forEach(pending -> pending.fail(reason));
    }

    private List<Map.Entry<String, StoreRetention>> takeRetentions() {
        if (retentions.isEmpty()) {
            return List.of();
        }
        var taken = new ArrayList<Map.Entry<String, StoreRetention>>();
        for (String topic : List.copyOf(retentions.keySet())) {
            StoreRetention retention = retentions.remove(topic);
            if (retention != null) {
                taken.add(Map.entry(topic, retention));
            }
        }
        return taken;
    }

    private List<Pending> take() {
        var batch = new ArrayList<Pending>();
        long bytes = 0;
        while (batch.size() < MOST_APPENDS && bytes < MOST_BYTES) {
            Pending pending = queue.poll();
            if (pending == null) {
                break;
            }
            batch.add(pending);
            bytes += pending.bytes;
        }
        return batch;
    }

    private void failQueue() {
        for (Pending pending = queue.poll(); pending != null; pending = queue.poll()) {
            release(pending);
            pending.fail(closed());
        }
    }

    static StoreException closed() {
        return new StoreException(
                "store: closed; nothing was appended (expected: a store that is open)");
    }

    /** Writes what waits, and ends. */
    void close() throws InterruptedException {
        closing = true;
        LockSupport.unpark(thread);
        if (Thread.currentThread() != thread && !thread.join(CLOSE_TIME)) {
            LOG.log(
                    Level.WARNING,
                    "store: "
                            + settings.path()
                            + " still writes after "
                            + CLOSE_TIME.toSeconds()
                            + " s; it is closed later");
        }
    }
}
