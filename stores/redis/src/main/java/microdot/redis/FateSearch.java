package microdot.redis;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import microdot.redis.Replies.SpineEntry;

/**
 * Finds the appends whose reply did not come, by their counters in the spine. Nothing that was sent
 * on an older link can be appended any more, because the check of the new link came before.
 */
final class FateSearch {
    private final AppendQueue queue;
    private final String prefix;

    FateSearch(AppendQueue queue, String node) {
        this.queue = queue;
        prefix = node + ":";
    }

    /**
     * Completes what is there; what is not, is sent again on the link, unless nothing proves it.
     *
     * @param lost whether the engine lost entries
     */
    void find(RedisLink link, boolean lost) throws InterruptedException {
        var unresolved = new CompletableFuture<List<PendingAppend>>();
        queue.unresolved(unresolved::complete);
        List<PendingAppend> all = take(unresolved);
        if (all.isEmpty()) {
            return;
        }
        long after = all.stream().mapToLong(each -> each.after).min().orElse(0);
        var found = new HashMap<Long, Long>();
        boolean covered = scan(link, after, found);
        queue.found(found);
        if (lost) {
            queue.unknown(
                    "Redis: the fate of an append is unknown, because the engine lost entries"
                            + " meanwhile (publish again with an idempotency key)");
        } else if (!covered) {
            queue.unknown(
                    "Redis: the fate of an append is unknown, because the spine no longer has"
                            + " its time (publish again with an idempotency key, or raise"
                            + " RedisStore.spineEntries)");
        }
    }

    private static <T> T take(CompletableFuture<T> value) throws InterruptedException {
        try {
            return value.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns whether the spine has everything after the position. */
    private boolean scan(RedisLink link, long after, Map<Long, Long> found) {
        long last = after;
        boolean covered = true;
        while (true) {
            List<SpineEntry> page = SpineReader.next(link, link.appends, last);
            if (page.isEmpty()) {
                return covered;
            }
            for (SpineEntry entry : page) {
                covered &=
                        entry.stored() == null
                                ? entry.previous() <= last
                                : entry.position() == last + 1;
                last = entry.position();
                if (entry.from().startsWith(prefix)) {
                    found.putIfAbsent(
                            Long.parseLong(entry.from().substring(prefix.length())), last);
                }
            }
        }
    }
}
