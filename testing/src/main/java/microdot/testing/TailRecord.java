package microdot.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import microdot.sse.store.EventStore.Tail;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/** A tail that keeps what it is given, and checks that calls come one at a time and in order. */
final class TailRecord implements Tail {
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
        synchronized (this) {
            if (other != null) {
                wrong.add("a call by " + Thread.currentThread() + " beside one by " + other);
            }
            change.run();
            notifyAll();
        }
        inside.set(null);
    }

    /** Waits until the entry at a position is there. */
    synchronized void await(long position) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (entries.isEmpty() || entries.getLast().position() < position) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError(
                        "the tail has not got position " + position + " within " + patience);
            }
            wait(left);
        }
        check();
    }

    /** Fails when a call came beside another one, or in the wrong order. */
    synchronized void check() {
        if (!wrong.isEmpty()) {
            throw new AssertionError("tail: " + wrong);
        }
    }

    synchronized List<StoredEntry> entries() {
        return List.copyOf(entries);
    }

    List<StoredEntry> entries(String topic) {
        return entries().stream().filter(each -> each.entry().topic().equals(topic)).toList();
    }

    synchronized List<StoreEpoch> epochs() {
        return List.copyOf(epochs);
    }
}
