package microdot.sqlite;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/** An append on its way. */
final class Pending {
    // What an entry takes beside its bytes, about.
    private static final int ENTRY_BYTES = 100;

    final Append append;
    final long bytes;
    final CompletableFuture<List<Long>> result = new CompletableFuture<>();

    /** What the append will end with when its transaction is committed. Confined to the writer. */
    private List<Long> positions = List.of();

    private @Nullable StoreException refusal;

    Pending(Append append) {
        this.append = append;
        long sum = 0;
        for (Entry entry : append.entries()) {
            sum += entry.bytes().length + ENTRY_BYTES;
        }
        bytes = sum;
    }

    void appendedAt(List<Long> at) {
        positions = at;
        refusal = null;
    }

    void refused(StoreException reason) {
        refusal = reason;
    }

    /** The transaction is committed. */
    void complete() {
        if (refusal == null) {
            result.complete(positions);
        } else {
            result.completeExceptionally(refusal);
        }
    }

    /** The transaction is not committed. */
    void fail(StoreException reason) {
        result.completeExceptionally(reason);
    }
}
