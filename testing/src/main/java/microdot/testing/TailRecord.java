package microdot.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import microdot.sse.store.EventStore.Tail;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/** A tail that keeps what it is given, and checks that calls come one at a time and in order. */
final class TailRecord implements Tail {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Duration patience;
    private final AtomicReference<@Nullable Thread> inside = new AtomicReference<>();
    private final List<StoredEntry> entries = new ArrayList<>();
    private final List<StoreEpoch> epochs = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();

    TailRecord(Duration patience) {
        this.patience = patience;
    }

    @Override
    public void appended(List<StoredEntry> batch) {
        call(() -> batch.forEach(this::add));
    }

    private void add(StoredEntry stored) {
        long before = entries.isEmpty() ? 0 : entries.getLast().position();
        if (stored.position() <= before) {
            wrong.add("position " + stored.position() + " after " + before);
        }
        entries.add(stored);
    }

    @Override
    public void begins(StoreEpoch epoch) {
        call(() -> epochs.add(epoch));
    }

    @Override
    public void away(String reason) {
        call(() -> {});
    }

    @Override
    public void back() {
        call(() -> {});
    }

    private void call(Runnable change) {
        Thread other = inside.getAndSet(Thread.currentThread());
        lock.lock();
        try {
            if (other != null) {
                wrong.add("a call by " + Thread.currentThread() + " beside one by " + other);
            }
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        inside.set(null);
    }

    /** Waits until the entry at a position is there. */
    void await(long position) throws InterruptedException {
        long left = patience.toNanos();
        lock.lock();
        try {
            while (entries.isEmpty() || entries.getLast().position() < position) {
                if (left <= 0) {
                    throw new AssertionError(
                            "the tail has not got position " + position + " within " + patience);
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        check();
    }

    private <T> T locked(Supplier<T> read) {
        lock.lock();
        try {
            return read.get();
        } finally {
            lock.unlock();
        }
    }

    /** Fails when a call came beside another one, or in the wrong order. */
    void check() {
        List<String> found = locked(() -> List.copyOf(wrong));
        if (!found.isEmpty()) {
            throw new AssertionError("tail: " + found);
        }
    }

    List<StoredEntry> entries() {
        return locked(() -> List.copyOf(entries));
    }

    List<StoredEntry> entries(String topic) {
        return entries().stream().filter(each -> each.entry().topic().equals(topic)).toList();
    }

    List<StoreEpoch> epochs() {
        return locked(() -> List.copyOf(epochs));
    }
}
