package microdot.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lists of events that are appended as one step: as long as they may be, and longer. */
@Timeout(120)
class ListTest {
    private final RedisServer server = RedisServer.durable();
    private final RecordingTail tail = new RecordingTail();
    // Many long lists wait here for one another, on a machine that does other work too.
    private RedisStore store = RedisStore.connect(server.uri()).timeout(Duration.ofMinutes(1));

    @AfterEach
    void end() {
        store.close();
        server.close();
    }

    private CompletableFuture<List<Long>> append(int entries, int bytes) {
        Entry entry = Entry.event("a", null, null, new byte[bytes]);
        var list = new Append(Collections.nCopies(entries, entry), OptionalLong.empty(), null);
        return store.append(list).toCompletableFuture();
    }

    private void assertRefused(CompletableFuture<List<Long>> append, String... texts) {
        var error = assertThrows(ExecutionException.class, () -> append.get(60, TimeUnit.SECONDS));
        StoreException refusal = assertInstanceOf(StoreException.class, error.getCause());
        assertFalse(refusal.isUnknown(), refusal::toString);
        for (String text : texts) {
            assertTrue(refusal.toString().contains(text), refusal::toString);
        }
    }

    @Test
    void longestListIsAppendedAndALongerOneIsRefused() throws Exception {
        store.open(tail);
        List<Long> longest = append(8192, 256).get(60, TimeUnit.SECONDS);
        assertEquals(8192, longest.size());
        assertRefused(
                append(8193, 256), "list: 8193 events", "at most 8192 events and 67108864 bytes");
        assertRefused(append(100_000, 256), "list: 100000 events with 35600000 bytes");
        assertEquals(List.of(longest.getLast() + 1), append(1, 1).get(60, TimeUnit.SECONDS));
        assertEquals(8193, tail.awaitEntries(8193).size());
    }

    @Test
    void listWithMoreBytesThanMayBeInFlightIsRefused() throws Exception {
        store = RedisStore.connect(server.uri()).maxInFlight(100, 1 << 20);
        store.open(tail);
        assertRefused(append(2, 1 << 20), "at most 8192 events and 1048576", "maxInFlight");
        assertEquals(2, append(2, 1 << 18).get(60, TimeUnit.SECONDS).size());
    }

    /** A list that the spine cannot keep would leave every node behind. */
    @Test
    void listIsAtMostHalfAsLongAsTheSpine() throws Exception {
        store = RedisStore.connect(server.uri()).spineEntries(1000);
        store.open(tail);
        assertRefused(append(3000, 1), "at most 500 events", "spineEntries");
        List<Long> longest = append(500, 1).get(60, TimeUnit.SECONDS);
        assertEquals(500, longest.size());
        long next = append(1, 1).get(60, TimeUnit.SECONDS).getFirst();
        assertEquals(longest.getLast() + 1, next);
        assertEquals(501, tail.awaitEntries(501).size());
        assertEquals(List.of(), RecordingTail.epochs(tail.calls()));
    }

    /** Many lists that wait do not make one long step. */
    @Test
    void listsThatWaitAreSentInSeveralSteps() throws Exception {
        store.open(tail);
        var all = new ArrayList<CompletableFuture<List<Long>>>();
        for (int i = 0; i < 100; i++) {
            all.add(append(500, 0));
        }
        long before = 0;
        for (var each : all) {
            List<Long> positions = each.get(60, TimeUnit.SECONDS);
            assertTrue(before == 0 || before + 1 == positions.getFirst(), () -> "" + positions);
            before = positions.getLast();
        }
        tail.awaitEntries(50_000);
        String calls = server.command("INFO", "commandstats");
        int scripts =
                Integer.parseInt(calls.replaceAll("(?s).*cmdstat_evalsha:calls=(\\d+).*", "$1"));
        assertTrue(scripts >= 100, calls);
    }
}
