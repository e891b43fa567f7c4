package microdot.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import org.jspecify.annotations.Nullable;

/** An append between its call and its completion. All but the future belongs to the queue. */
final class PendingAppend {
    private static final byte[] NONE = {};
    private static final byte[] ZERO = {'0'};
    private static final byte[] EVENT = {'e'};
    private static final byte[] LIST = {'l'};

    /** What an entry takes beside its bytes, about. */
    private static final int ENTRY_BYTES = 100;

    final CompletableFuture<List<Long>> future = new CompletableFuture<>();
    final String topic;
    final OptionalLong expected;
    final int entries;
    final long bytes;
    final long counter;

    /** How long it may take. */
    final Duration longest;

    /** As {@link System#nanoTime} gives it. */
    final long deadline;

    /** What the script gets of it. */
    final byte[][] arguments;

    /** The link that it was sent on last; null before. */
    @Nullable RedisLink link;

    /** A position before which it cannot be: the highest that the node knew when it was sent. */
    long after;

    /** The epoch that it was sent with. */
    String epoch = "";

    boolean done;

    PendingAppend(Append append, long counter, Duration longest, long deadline) {
        Entry first = append.entries().getFirst();
        topic = first.topic();
        expected = append.expectedLast();
        entries = append.entries().size();
        this.counter = counter;
        this.longest = longest;
        this.deadline = deadline;
        arguments = arguments(append, counter);
        bytes = bytes(append);
    }

    /** Returns about how many bytes an append takes. */
    static long bytes(Append append) {
        return append.entries().stream().mapToLong(each -> each.bytes().length + ENTRY_BYTES).sum();
    }

    private static byte[][] arguments(Append append, long counter) {
        String key = append.idempotencyKey();
        Entry only = append.entries().getFirst();
        if (append.entries().size() == 1
                && append.expectedLast().isEmpty()
                && key == null
                && only.kind() == Entry.Kind.EVENT
                && only.key() == null
                && only.id() == null) {
            return new byte[][] {
                EVENT, Keys.utf8(counter), Keys.utf8(only.topic()), only.bytes(), endLasts(append)
            };
        }
        var all = new ArrayList<byte[]>(6 + 7 * append.entries().size());
        all.add(LIST);
        all.add(Keys.utf8(counter));
        all.add(
                append.expectedLast().isPresent()
                        ? Keys.utf8(append.expectedLast().getAsLong())
                        : NONE);
        all.add(key == null ? NONE : Keys.utf8("k" + key));
        all.add(endLasts(append));
        all.add(Keys.utf8(append.entries().size()));
        for (Entry entry : append.entries()) {
            String row = entry.key();
            String id = entry.id();
            all.add(Keys.utf8(entry.kind().code()));
            all.add(Keys.utf8((row == null ? 0 : 1) + (id == null ? 0 : 2)));
            all.add(Keys.utf8(entry.topic()));
            all.add(row == null ? NONE : Keys.utf8(row));
            all.add(id == null ? NONE : Keys.utf8(id));
            all.add(entry.row() == 0 ? ZERO : Keys.utf8(entry.row()));
            all.add(entry.bytes());
        }
        return all.toArray(byte[][]::new);
    }

    private static byte[] endLasts(Append append) {
        Duration lasts = append.endLasts();
        return lasts == null ? NONE : Keys.utf8(lasts.toMillis());
    }

    static List<Long> positions(long first, long count) {
        return LongStream.range(first, first + count).boxed().toList();
    }
}
