package microdot.sqlite;

import java.util.List;
import microdot.sse.store.EventStore.Tail;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;

/** A tail that does nothing. */
class Silent implements Tail {
    @Override
    public void appended(List<StoredEntry> batch) {}

    @Override
    public void begins(StoreEpoch epoch) {}

    @Override
    public void away(String reason) {}

    @Override
    public void back() {}
}
