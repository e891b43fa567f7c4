package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import microdot.internal.BriefLock;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/**
 * One computation of a snapshot, on its own virtual thread, for all clients that wait for it. It is
 * interrupted when the last of them has left, or when the code of the application is overdue.
 */
final class SnapshotRun extends BriefLock implements Deadlines.Timed {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** After so many results that were discarded, a publisher is asked. */
    private static final int TRIES = 8;

    private static final long SHORTEST_WAIT = TimeUnit.MILLISECONDS.toNanos(20);

    private final String topic;
    private final Changes changes;
    private final LongFunction<Snapshot> attempt;
    private final Consumer<Snapshot> keep;
    private final long timeout;
    private final AtomicInteger stuck;
    private final Runnable helper = this::help;

    // Guarded by the lock.
    private Set<SnapshotTicket> waiters = new HashSet<>();
    private @Nullable Thread thread;
    private @Nullable Thread helperThread; // The publisher while it runs the supplier.
    private boolean helperInterrupted; // By this run.
    private boolean over;
    private boolean abandoned; // It is counted as stuck until its thread has returned.
    private boolean asking;
    private boolean helping;

    /** When the code started that runs now, or the wait for a change. */
    private volatile long since = System.nanoTime();

    /**
     * @param attempt takes the snapshot, given how many changes have started; code of the
     *     application
     * @param keep called with an exact snapshot before the waiting clients continue
     * @param timeout how long the code of the application may take, in nanoseconds
     * @param stuck counts the runs whose code was interrupted and has not returned
     */
    SnapshotRun(
            String topic,
            Changes changes,
            LongFunction<Snapshot> attempt,
            Consumer<Snapshot> keep,
            long timeout,
            AtomicInteger stuck) {
        this.topic = topic;
        this.changes = changes;
        this.attempt = attempt;
        this.keep = keep;
        this.timeout = timeout;
        this.stuck = stuck;
    }

    void start() {
        Thread.ofVirtual().name("microdot-topics").start(this::run);
    }

    // ---- The clients that wait ----

    /** Returns how many clients wait. */
    int waiting() {
        lock();
        try {
            return waiters.size();
        } finally {
            unlock();
        }
    }

    /** Adds a client, unless this is over: then it returns false. */
    boolean join(SnapshotTicket waiter) {
        lock();
        try {
            return !over && waiters.add(waiter);
        } finally {
            unlock();
        }
    }

    /** The client has left. */
    void leave(SnapshotTicket waiter) {
        waiter.cancel();
        lock();
        try {
            if (waiters.remove(waiter) && waiters.isEmpty()) {
                end();
            }
        } finally {
            unlock();
        }
    }

    /** Under the lock. */
    private void end() {
        over = true;
        abandon();
        LockSupport.unpark(thread);
        if (thread != null) {
            thread.interrupt();
        }
        interruptHelper();
    }

    /** Under the lock: nobody waits for the supplier any more, which perhaps ignores that. */
    private void abandon() {
        if (thread != null && !abandoned) {
            abandoned = true;
            stuck.incrementAndGet();
        }
    }

    /** The thread of this run ends. */
    private void returned() {
        Deadlines.remove(this);
        lock();
        try {
            thread = null;
            if (abandoned) {
                stuck.decrementAndGet();
            }
        } finally {
            unlock();
        }
    }

    /** Under the lock. */
    private void interruptHelper() {
        if (helperThread != null) {
            helperInterrupted = true;
            helperThread.interrupt();
        }
    }

    private boolean isOver() {
        lock();
        try {
            return over;
        } finally {
            unlock();
        }
    }

    // ---- The computation ----

    private void run() {
        lock();
        try {
            thread = Thread.currentThread();
        } finally {
            unlock();
        }
        Deadlines.add(this);
        try {
            compute();
        } catch (Throwable e) {
            // Either an interrupt, because all clients have left or the deadline failed them, or an
            // error of the framework.
            finish(null, e);
        } finally {
            returned();
        }
    }

    private void compute() throws InterruptedException {
        long took = 0;
        for (int tries = 0; !isOver(); tries++) {
            if (tries >= TRIES && awaitHelp(Math.max(SHORTEST_WAIT, took))) {
                return;
            }
            since = System.nanoTime();
            long started = changes.awaitQuiet();
            if (started < 0) {
                continue;
            }
            since = System.nanoTime();
            Snapshot snapshot = null;
            Throwable failure = null;
            try {
                snapshot = attempt.apply(started);
            } catch (Throwable e) {
                failure = e;
            }
            took = System.nanoTime() - since;
            if (Thread.interrupted() && failure == null) {
                failure = new InterruptedException("a snapshot taken by an interrupted thread");
            }
            if (changes.started() == started) {
                finish(snapshot, failure);
                return;
            }
        }
    }

    /**
     * Asks the next publisher that changes the topic, and waits for it. Returns false when none
     * came in this time: then changes pause long enough for another attempt.
     */
    private boolean awaitHelp(long nanos) throws InterruptedException {
        since = System.nanoTime();
        long until = since + nanos;
        setAsking(true);
        changes.afterNext(helper);
        try {
            while (!isAnswered(until)) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                long left = until - System.nanoTime();
                LockSupport.parkNanos(this, left > 0 ? left : SHORTEST_WAIT);
            }
            return isOver();
        } finally {
            changes.withdraw(helper);
            setAsking(false);
        }
    }

    /** Returns whether the wait is over. If so, a publisher that has the task does nothing now. */
    private boolean isAnswered(long until) {
        lock();
        try {
            boolean answered = over || (!helping && until - System.nanoTime() <= 0);
            asking &= !answered;
            return answered;
        } finally {
            unlock();
        }
    }

    private void setAsking(boolean value) {
        lock();
        try {
            asking = value;
        } finally {
            unlock();
        }
    }

    /** On the thread of a publisher that holds the topic's lock: what is thrown stays here. */
    private void help() {
        if (!beginHelp()) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        Snapshot snapshot = null;
        Throwable failure = null;
        try {
            snapshot = attempt.apply(changes.started());
        } catch (Throwable e) {
            failure = e;
        }
        boolean spoiled = clearInterrupt(interrupted);
        try {
            if (!spoiled) {
                finish(snapshot, failure);
            }
        } catch (RuntimeException | Error e) {
            log(e);
        } finally {
            endHelp();
        }
    }

    private boolean beginHelp() {
        lock();
        try {
            helping = asking && !over;
            if (helping) {
                since = System.nanoTime();
                helperThread = Thread.currentThread();
            }
            return helping;
        } finally {
            unlock();
        }
    }

    /**
     * Returns whether the supplier ran on an interrupted thread. The publisher's own interrupt must
     * not reach the clients, and an interrupt of this run not the publisher.
     *
     * @param before whether the publisher was interrupted before
     */
    private boolean clearInterrupt(boolean before) {
        boolean spoiled;
        boolean own;
        lock();
        try {
            helperThread = null; // From now on, nothing here interrupts it.
            spoiled = Thread.interrupted();
            own = helperInterrupted;
        } finally {
            unlock();
        }
        if (before || (spoiled && !own)) {
            Thread.currentThread().interrupt();
        }
        return spoiled;
    }

    private void endHelp() {
        lock();
        try {
            helping = false;
            LockSupport.unpark(thread);
        } finally {
            unlock();
        }
    }

    // ---- The result ----

    /** Lets all clients continue, whatever else fails here. */
    private void finish(@Nullable Snapshot snapshot, @Nullable Throwable failure) {
        Set<SnapshotTicket> all;
        lock();
        try {
            if (over) {
                return; // The clients were completed, or have left.
            }
            over = true;
            LockSupport.unpark(thread);
            all = waiters;
            waiters = Collections.emptySet();
        } finally {
            unlock();
        }
        Throwable failed = failure;
        try {
            if (snapshot != null) {
                keep.accept(snapshot);
            }
        } catch (Throwable e) {
            failed = e;
        }
        SnapshotTicket.completeAll(all, failed);
        if (failed != null) {
            logElsewhere(failed);
        }
    }

    /** Not on the thread of a publisher or of the deadlines: a log may block. */
    private void logElsewhere(Throwable failure) {
        Thread.ofVirtual().name("microdot-topics").start(() -> log(failure));
    }

    private void log(Throwable failure) {
        LOG.log(
                Level.ERROR,
                "the snapshot of topic "
                        + Quoted.whole(topic)
                        + " failed; the clients that wait for it are disconnected",
                failure);
    }

    @Override
    public @Nullable Thread thread() {
        lock();
        try {
            return thread;
        } finally {
            unlock();
        }
    }

    @Override
    public String name() {
        return "the snapshot of topic " + Quoted.whole(topic);
    }

    @Override
    public String advice() {
        return "let its supplier copy what is in memory";
    }

    @Override
    public void checkDeadline(long now) {
        Thread run;
        Thread overdue;
        lock();
        try {
            if (over || now - since <= timeout) {
                return;
            }
            abandon();
            run = thread;
            overdue = helperThread == null ? run : helperThread;
        } finally {
            unlock();
        }
        finish(null, Deadlines.overdue(overdue, timeout));
        interrupt(run);
    }

    private void interrupt(@Nullable Thread run) {
        lock();
        try {
            interruptHelper();
        } finally {
            unlock();
        }
        if (run != null) {
            run.interrupt();
        }
    }
}
