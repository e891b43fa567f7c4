package microdot.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;

/** A tail that keeps what it is given, in order, for a test that waits. */
final class RecordingTail implements EventStore.Tail {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Object> calls = new ArrayList<>();

    @Override
    public void appended(List<StoredEntry> batch) {
        batch.forEach(this::add);
    }

    @Override
    public void begins(StoreEpoch epoch) {
        add(epoch);
    }

    @Override
    public void away(String reason) {
        add("away");
    }

    @Override
    public void back() {
        add("back");
    }

    private void add(Object call) {
        lock.lock();
        try {
            calls.add(call);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the calls: {@link StoredEntry}, {@link StoreEpoch}, "away" and "back". */
    List<Object> calls() {
        lock.lock();
        try {
            return List.copyOf(calls);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until there are calls as the test wants them. */
    List<Object> await(Predicate<List<Object>> wanted) {
        lock.lock();
        try {
            long left = TimeUnit.SECONDS.toNanos(30);
            while (!wanted.test(calls)) {
                if (left <= 0) {
                    throw new AssertionError("not within 30 s; so far: " + shorter());
                }
                left = changed.awaitNanos(left);
            }
            return List.copyOf(calls);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            lock.unlock();
        }
    }

    private List<Object> shorter() {
        return calls.subList(Math.max(0, calls.size() - 50), calls.size());
    }

    List<Long> positions() {
        return entries(calls()).stream().map(StoredEntry::position).toList();
    }

    static List<StoredEntry> entries(List<Object> calls) {
        return calls.stream()
                .filter(StoredEntry.class::isInstance)
                .map(StoredEntry.class::cast)
                .toList();
    }

    static List<StoreEpoch> epochs(List<Object> calls) {
        return calls.stream()
                .filter(StoreEpoch.class::isInstance)
                .map(StoreEpoch.class::cast)
                .toList();
    }

    List<StoredEntry> awaitEntries(int number) {
        return entries(await(calls -> entries(calls).size() >= number));
    }

    StoreEpoch awaitEpoch() {
        return epochs(await(calls -> !epochs(calls).isEmpty())).getLast();
    }

    void awaitCall(String call) {
        await(calls -> calls.contains(call));
    }
}
