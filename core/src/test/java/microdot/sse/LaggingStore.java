package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import microdot.sse.store.Append;
import microdot.sse.store.EventStore;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/** A store that delivers its entries when a test wants it, and whose engine can be away. */
final class LaggingStore implements EventStore {
    private final EventStore store;
    private final List<StoredEntry> held = new ArrayList<>();
    private @Nullable Tail tail;
    private boolean holding;
    private boolean away;
    private String failing = ""; // The topic that cannot be read.
    final CompletableFuture<Thread> retainedBy = new CompletableFuture<>();
    final BlockingQueue<String> retained = new LinkedBlockingQueue<>(); // The topics, in order.
    @Nullable Runnable afterFirstRead;
    volatile Consumer<Append> beforeAppend = append -> {};
    volatile int reads;
    volatile boolean headAsked;
    volatile @Nullable Append lastAppend;
    volatile @Nullable CountDownLatch rowsWait; // Until then, rows that were read are not returned.
    final CountDownLatch rowsRead = new CountDownLatch(1);
    volatile @Nullable RuntimeException retainFailure; // The next retain fails with it.
    int failures; // So many reads of the newest of each key fail.
    @Nullable RuntimeException broken; // The next of them fails with it.

    LaggingStore(EventStore store) {
        this.store = store;
    }

    /** Delivers nothing from now on. */
    synchronized void hold() {
        holding = true;
    }

    /** Delivers what is held. */
    synchronized void release() {
        holding = false;
        tail().appended(List.copyOf(held));
        held.clear();
    }

    /** Delivers the first entry that is held; returns false when there is none. */
    synchronized boolean releaseFirst() {
        if (held.isEmpty()) {
            return false;
        }
        tail().appended(List.of(held.removeFirst()));
        return true;
    }

    /** Begins an epoch for this process, whose engine has everything. */
    synchronized void begins(StoreEpoch epoch) {
        tail().begins(epoch);
    }

    synchronized void away() {
        away = true;
        tail().away("the test took it away");
    }

    synchronized void back() {
        away = false;
        tail().back();
    }

    /** From now on one topic cannot be read; none with "". */
    synchronized void failTopic(String topic) {
        failing = topic;
    }

    /** Waits until so many entries are held. */
    synchronized void awaitHeld(int count) {
        try {
            while (held.size() < count) {
                wait();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits until so many pages were asked for. */
    synchronized void awaitReads(int count) {
        try {
            while (reads < count) {
                wait();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Tail tail() {
        return Objects.requireNonNull(tail);
    }

    @Override
    public Opened open(Tail follower) {
        tail = follower;
        return store.open(
                new Tail() {
                    @Override
                    public void appended(List<StoredEntry> batch) {
                        synchronized (LaggingStore.this) {
                            if (holding) {
                                held.addAll(batch);
                                LaggingStore.this.notifyAll();
                            } else {
                                follower.appended(batch);
                            }
                        }
                    }

                    @Override
                    public void begins(StoreEpoch epoch) {
                        follower.begins(epoch);
                    }

                    @Override
                    public void away(String reason) {
                        follower.away(reason);
                    }

                    @Override
                    public void back() {
                        follower.back();
                    }
                });
    }

    @Override
    public CompletionStage<List<Long>> append(Append append) {
        lastAppend = append;
        beforeAppend.accept(append);
        synchronized (this) {
            if (away) {
                return CompletableFuture.failedFuture(new StoreException("store: away"));
            }
        }
        return store.append(append);
    }

    private synchronized void checkReachable(String topic) {
        if (away || (topic.equals(failing) && !topic.isEmpty())) {
            throw new StoreException("store: the test took it away");
        }
    }

    @Override
    public Page read(String topic, long after, long upTo, int maxBytes) {
        Page page;
        Runnable next;
        synchronized (this) {
            reads++;
            notifyAll();
            checkReachable(topic);
            page = store.read(topic, after, upTo, maxBytes);
            next = afterFirstRead;
            afterFirstRead = null;
        }
        if (next != null) {
            next.run();
        }
        return page;
    }

    @Override
    public Page latest(String topic, long after, int maxBytes) {
        Page page;
        CountDownLatch held;
        synchronized (this) {
            if (failures > 0) {
                failures--;
                throw new StoreException("store: the test lets it fail");
            }
            RuntimeException failure = broken;
            broken = null;
            if (failure != null) {
                throw failure;
            }
            checkReachable(topic);
            page = store.latest(topic, after, maxBytes);
            held = rowsWait;
            rowsWait = null;
        }
        if (held != null) {
            rowsRead.countDown();
            try {
                held.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        return page;
    }

    @Override
    public Kept kept(String topic) {
        checkReachable(topic);
        return store.kept(topic);
    }

    @Override
    public OptionalLong find(String topic, String id) {
        checkReachable(topic);
        return store.find(topic, id);
    }

    @Override
    public long head() {
        checkReachable("");
        headAsked = true;
        return store.head();
    }

    @Override
    public void retain(String topic, StoreRetention retention) {
        retainedBy.complete(Thread.currentThread());
        RuntimeException failure = retainFailure;
        retainFailure = null;
        if (failure != null) {
            throw failure;
        }
        retained.add(topic);
        store.retain(topic, retention);
    }

    @Override
    public Set<Limit> limits() {
        return store.limits();
    }

    @Override
    public void close() {
        store.close();
    }
}
