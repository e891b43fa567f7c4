package microdot.redis;

import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import microdot.redis.Replies.SpineEntry;
import microdot.sse.store.EventStore.Tail;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;

/**
 * Gives a tail what the spine has, from the position on that it has reached. Positions follow one
 * another without a hole but where a marker says so: this is how a part that was trimmed away is
 * noticed. Confined to the thread of the node.
 */
final class SpineReader {
    /** The longest wait for new entries in one command. */
    static final Duration BLOCK = Duration.ofMillis(500);

    private static final Logger LOG = System.getLogger("microdot.redis");
    private static final int FEW = 16;
    private static final int MOST = 128;
    private static final long MUCH = 4 << 20;

    /**
     * After a longer time without a read, entries of any size may have piled up: they are read with
     * a limit in bytes. That costs Redis a tenth more for each publish, so it is not always done.
     */
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Keys keys;
    private final Tail tail;
    private final Duration timeout;
    private final Set<String> announced = new HashSet<>();
    private String epoch;
    private long position;
    private int count = MOST;
    private boolean late = true; // It reads with a limit in bytes until it has nearly everything.
    private long readAt = System.nanoTime();

    /**
     * @param position after which the tail wants everything, jumps included
     */
    SpineReader(Keys keys, Tail tail, Duration timeout, List<StoreEpoch> epochs, long position) {
        this.keys = keys;
        this.tail = tail;
        this.timeout = timeout;
        epochs.forEach(each -> announced.add(each.name()));
        this.epoch = epochs.getLast().name();
        this.position = position;
    }

    /** Returns the position that was reached, jumps included. */
    long position() {
        return position;
    }

    /** Returns the name of the epoch that was reached. */
    String epoch() {
        return epoch;
    }

    /** What a read found. */
    enum Found {
        /** Entries; there may be more. */
        ENTRIES,
        NOTHING,
        /** The spine does not have the next entry any more. */
        HOLE
    }

    /**
     * Reads the next entries and gives them to the tail.
     *
     * @param wait whether to wait for entries when there are none
     */
    Found read(RedisLink link, boolean wait) {
        late |= System.nanoTime() - readAt > PAUSE_NANOS;
        List<SpineEntry> entries = late ? next(link, link.tail, position) : List.of();
        late = entries.size() >= FEW; // Fewer: all, or so large that the next count is small.
        if (entries.isEmpty()) {
            entries = arrived(link, wait);
        }
        readAt = System.nanoTime();
        if (entries.isEmpty()) {
            return Found.NOTHING;
        }
        return give(entries) ? Found.ENTRIES : Found.HOLE;
    }

    private List<SpineEntry> arrived(RedisLink link, boolean wait) {
        CommandArgs<byte[], byte[]> args = RedisLink.args().add("COUNT").add(count);
        if (wait) {
            args.add("BLOCK").add(BLOCK.toMillis());
        }
        args.add("STREAMS").addKey(keys.spine).add(position + "-0");
        List<Object> reply =
                RedisLink.await(
                        RedisLink.send(link.tail, CommandType.XREAD, args), timeout.plus(BLOCK));
        if (reply == null || reply.isEmpty() || reply.getFirst() == null) {
            return List.of();
        }
        return Replies.spine(Replies.list(reply.getFirst()).get(1));
    }

    /** Returns the next entries of the spine after a position: none, or one, or a few megabytes. */
    static List<SpineEntry> next(
            RedisLink link, StatefulRedisConnection<byte[], byte[]> connection, long after) {
        return Replies.spine(
                link.await(link.start(connection, Script.NEXT, Keys.utf8(after), Keys.utf8(MUCH)))
                        .getFirst());
    }

    private boolean give(List<SpineEntry> entries) {
        var batch = new ArrayList<StoredEntry>(entries.size());
        long bytes = 0;
        boolean whole = true;
        for (SpineEntry entry : entries) {
            StoredEntry stored = entry.stored();
            if (stored == null ? entry.previous() > position : entry.position() != position + 1) {
                whole = false;
                break;
            }
            position = entry.position();
            if (stored != null) {
                batch.add(stored);
                bytes += stored.entry().bytes().length;
                continue;
            }
            StoreEpoch next = entry.epoch();
            if (next != null) {
                flush(batch);
                begin(next);
            }
        }
        flush(batch);
        // The number of bytes is not known before: what is large is read in smaller steps.
        long each = Math.max(1, bytes / Math.max(1, entries.size()));
        count = Math.clamp(MUCH / each, 1, MOST);
        return whole;
    }

    private void flush(List<StoredEntry> batch) {
        if (!batch.isEmpty()) {
            tail.appended(List.copyOf(batch));
            batch.clear();
        }
    }

    private void begin(StoreEpoch next) {
        epoch = next.name();
        if (announced.add(next.name())) {
            LOG.log(
                    Level.WARNING,
                    "Redis: acknowledged events after position "
                            + next.previousEnd()
                            + " were or may have been lost; a new epoch has begun");
            tail.begins(next);
        }
    }

    /** Goes on with the newest epoch: what is between is reported as lost. */
    void skipTo(List<StoreEpoch> epochs) {
        epochs.forEach(this::begin);
        position = Math.max(position, epochs.getLast().first() - 1);
    }
}
