package microdot.testing;

import java.time.Duration;
import java.time.Instant;
import microdot.sse.store.EventStore;
import microdot.sse.store.MemoryStore;
import org.jspecify.annotations.Nullable;

/** The contract of stores, on the memory store. */
class MemoryStoreTest extends EventStoreContract {
    private volatile Instant now = Instant.now();
    private @Nullable MemoryStore first;

    @Override
    protected EventStore newNode() {
        if (first == null) {
            first = new MemoryStore(() -> now);
            return first;
        }
        return first.node();
    }

    @Override
    protected boolean emptyEngine() {
        now = now.plusSeconds(1);
        first = null;
        return true;
    }

    @Override
    protected boolean passTime(Duration time) {
        now = now.plus(time);
        return true;
    }
}
