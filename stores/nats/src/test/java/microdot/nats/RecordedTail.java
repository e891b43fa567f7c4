package microdot.nats;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;

/** Keeps what a tail was given, and waits for it. */
final class RecordedTail implements EventStore.Tail {
    private static final long PATIENCE_SECONDS = 40;

    final List<StoredEntry> entries = new ArrayList<>();
    final List<StoreEpoch> epochs = new ArrayList<>();

    /** "away", "back", "begins", in order. */
    final List<String> calls = new ArrayList<>();

    @Override
    public synchronized void appended(List<StoredEntry> batch) {
        entries.addAll(batch);
        notifyAll();
    }

    @Override
    public synchronized void begins(StoreEpoch epoch) {
        epochs.add(epoch);
        calls.add("begins");
        notifyAll();
    }

    @Override
    public synchronized void away(String reason) {
        calls.add("away");
        notifyAll();
    }

    @Override
    public synchronized void back() {
        calls.add("back");
        notifyAll();
    }

    synchronized void await(String what, BooleanSupplier reached) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!reached.getAsBoolean()) {
            long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (millis <= 0) {
                throw new AssertionError(
                        what
                                + ": not within "
                                + PATIENCE_SECONDS
                                + " s; "
                                + calls
                                + " "
                                + entries.size()
                                + " entries");
            }
            wait(millis);
        }
    }

    void awaitEntries(int count) throws InterruptedException {
        await(count + " entries", () -> entries.size() >= count);
    }

    synchronized void awaitCall(String call) throws InterruptedException {
        await(call, () -> calls.contains(call));
    }

    synchronized List<Long> positions() {
        return entries.stream().map(StoredEntry::position).toList();
    }
}
