package microdot.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Opened;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which epochs there are after Redis started again, was emptied, or lost something. */
@Timeout(120)
class RestartTest {
    private final RecordingTail tail = new RecordingTail();
    private RedisServer server = RedisServer.durable();
    private RedisStore store = RedisStore.connect(server.uri());
    private Opened opened = new Opened(List.of(), 0, List.of());

    @AfterEach
    void end() {
        store.close();
        server.close();
    }

    private void open() {
        store = RedisStore.connect(server.uri());
        opened = store.open(tail);
    }

    static Append event(String text) {
        return Append.of(Entry.event("a", null, null, text.getBytes(StandardCharsets.UTF_8)));
    }

    static long append(RedisStore store, String text) throws Exception {
        return append(store, event(text));
    }

    static long append(RedisStore store, Append append) throws Exception {
        return store.append(append).toCompletableFuture().get(30, TimeUnit.SECONDS).getFirst();
    }

    private static String text(StoredEntry stored) {
        return new String(stored.entry().bytes(), StandardCharsets.UTF_8);
    }

    private List<String> history() {
        return store.read("a", 0, Long.MAX_VALUE, 1 << 20).entries().stream()
                .map(RestartTest::text)
                .toList();
    }

    @Test
    void storeThatCouldNotBeOpenedIsOpenedLater() throws Exception {
        store = RedisStore.connect(server.uri());
        server.stop();
        String reason = assertThrows(StoreException.class, () -> store.open(tail)).getMessage();
        String again = assertThrows(StoreException.class, () -> store.open(tail)).getMessage();
        assertEquals(reason, again);
        server.start();
        store.open(tail);
        append(store, "1");
        tail.awaitEntries(1);
        assertThrows(StoreException.class, () -> store.open(new RecordingTail()));
    }

    @Test
    void cleanRestartWhileOpenKeepsTheEpoch() throws Exception {
        open();
        append(store, "1");
        server.stop();
        tail.awaitCall("away");
        server.start();
        append(store, "2");
        tail.awaitCall("back");
        tail.awaitEntries(2);
        assertEquals(List.of(), RecordingTail.epochs(tail.calls()));
        assertEquals(List.of("1", "2"), history());
    }

    @Test
    void killedServerThatSyncsAlwaysKeepsTheEpoch() throws Exception {
        open();
        long first = append(store, "1");
        server.kill();
        server.start();
        long second = append(store, "2");
        assertTrue(second > first);
        store.close();
        open();
        assertEquals(1, opened.epochs().size());
        assertEquals(second, opened.head());
        assertEquals(List.of("1", "2"), history());
    }

    @Test
    void reopenedStoreKeepsEpochAndHead() throws Exception {
        open();
        long first = append(store, "1");
        StoreEpoch epoch = opened.epochs().getLast();
        store.close();
        open();
        assertEquals(List.of(epoch), opened.epochs());
        assertEquals(first, opened.head());
    }

    @Test
    void serverThatStartedWhileNobodyHadItOpenBeginsAnEpoch() throws Exception {
        open();
        long first = append(store, "1");
        StoreEpoch epoch = opened.epochs().getLast();
        store.close();
        server.stop();
        server.start();
        open();
        assertEquals(epoch, opened.epochs().getFirst());
        assertEquals(first, opened.epochs().getLast().previousEnd());
        assertEquals(first, opened.head());
        long next = append(store, "2");
        assertTrue(
                next > first + (1L << 32),
                "positions that may have been given are not given again");
        assertEquals(List.of("1", "2"), history());
        List<StoreEpoch> epochs = opened.epochs();
        try (RedisStore other = RedisStore.connect(server.uri())) {
            assertEquals(epochs, other.open(new RecordingTail()).epochs());
        }
    }

    @Test
    void lossWhileNobodyHadItOpenBeginsAnEpoch() throws Exception {
        server.close();
        server = RedisServer.with("--save", "3600 1");
        open();
        long kept = append(store, "kept");
        server.command("SAVE");
        long lost = append(store, "lost");
        store.close();
        server.kill();
        server.start();
        open();
        assertEquals(kept, opened.epochs().getLast().previousEnd());
        assertTrue(append(store, "new") > lost);
        assertEquals(List.of("kept", "new"), history());
    }

    @Test
    void emptiedServerBeginsAnEpochWhileOpen() throws Exception {
        open();
        long last = LongStream.rangeClosed(1, 3).map(i -> one("" + i)).max().orElseThrow();
        tail.awaitEntries(3);
        server.command("FLUSHALL");
        StoreEpoch epoch = tail.awaitEpoch();
        assertEquals(0, epoch.previousEnd());
        assertTrue(epoch.first() > last + (1L << 32));
        long next = append(store, "new");
        assertTrue(next >= epoch.first());
        assertEquals(next, tail.awaitEntries(4).getLast().position());
        assertEquals(List.of("new"), history());
        assertFalse(tail.calls().contains("away"), "the engine was there all the time");
    }

    private long one(String text) {
        try {
            return append(store, text);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void lostTailBeginsAnEpochWithTheLastPositionThatIsThere() throws Exception {
        server.close();
        server = RedisServer.with("--appendonly", "yes", "--appendfsync", "everysec");
        open();
        long kept = append(store, "kept");
        // With everysec an acknowledged write may not be in the file yet.
        while (!server.command("INFO", "persistence").contains("aof_buffer_length:0")) {
            Thread.onSpinWait();
        }
        Path copy = Files.createTempDirectory("microdot-copy");
        copy(server.folder().resolve("appendonlydir"), copy);
        long lost = append(store, "lost");
        tail.awaitEntries(2);
        server.kill();
        delete(server.folder().resolve("appendonlydir"));
        copy(copy, server.folder().resolve("appendonlydir"));
        delete(copy);
        server.start();
        StoreEpoch epoch = tail.awaitEpoch();
        assertEquals(kept, epoch.previousEnd());
        assertTrue(epoch.first() > lost + (1L << 32) - 2);
        append(store, "new");
        assertEquals("new", text(tail.awaitEntries(3).getLast()));
        assertEquals(List.of("kept", "new"), history());
        List<Object> calls = tail.calls();
        assertTrue(calls.indexOf(epoch) < calls.size() - 1, "told before anything of it");
    }

    @Test
    void nodeThatDiedMakesARestartUncertain() throws Exception {
        server.close();
        server = RedisServer.with("--appendonly", "yes", "--appendfsync", "everysec");
        open();
        long last = append(store, "1");
        // A node that was killed: it cannot say whether what it was given is there.
        server.command("HSET", "microdot:meta", "node:dead", "1");
        server.stop();
        server.start();
        StoreEpoch epoch = tail.awaitEpoch();
        assertEquals(last, epoch.previousEnd());
        assertNotEquals(opened.epochs().getLast().name(), epoch.name());
    }

    @Test
    void restoreThatAnOperatorTellsBeginsAnEpoch() throws Exception {
        open();
        long last = append(store, "1");
        store.close();
        server.command("HDEL", "microdot:meta", "run");
        open();
        assertEquals(2, opened.epochs().size());
        assertEquals(last, opened.epochs().getLast().previousEnd());
        assertEquals(List.of("1"), history());
    }

    @Test
    void positionsThatBeganAtOneGoOn() throws Exception {
        String run =
                server.command("INFO", "server")
                        .lines()
                        .filter(line -> line.startsWith("run_id:"))
                        .findFirst()
                        .orElseThrow()
                        .substring("run_id:".length());
        var meta = List.of("format", "1", "epoch", "oldEpoch01", "position", "0", "jump", "0");
        var command = new ArrayList<>(List.of("HSET", "microdot:meta", "run", run));
        command.addAll(meta);
        server.command(command.toArray(String[]::new));
        server.command("RPUSH", "microdot:epochs", "oldEpoch01 0 1");
        open();
        assertEquals(List.of(new StoreEpoch("oldEpoch01", 0, 1)), opened.epochs());
        assertEquals(1, append(store, "1"));
        store.close();
        open();
        assertEquals(1, opened.epochs().size());
        assertEquals(2, append(store, "2"));
        assertEquals(List.of("1", "2"), history());
        store.close();
        Instant before = Instant.now();
        server.command("FLUSHALL");
        open();
        StoreEpoch begun = opened.epochs().getFirst();
        assertTrue(begun.first() > StoreEpoch.positionAt(before), begun::toString);
        assertTrue(begun.first() <= StoreEpoch.positionAt(Instant.now()) + 1, begun::toString);
    }

    @Test
    void restoreBeginsAboveWhatTheClockAllows() throws Exception {
        open();
        append(store, "1");
        store.close();
        // As long ago: positions may have gone on beyond a jump since.
        server.command("HSET", "microdot:meta", "position", "1", "jump", "0");
        server.command("HDEL", "microdot:meta", "run");
        Instant before = Instant.now();
        open();
        assertTrue(opened.epochs().getLast().first() > StoreEpoch.positionAt(before));
    }

    @Test
    void newerFormatIsRefused() {
        open();
        store.close();
        server.command("HSET", "microdot:meta", "format", "2");
        RedisStore newer = RedisStore.connect(server.uri());
        var error = assertThrows(StoreException.class, () -> newer.open(tail));
        assertTrue(error.toString().contains("format 2 (expected: 1 or older"), error::toString);
        newer.close();
    }

    @Test
    void olderFormatIsMigrated() throws Exception {
        open();
        long first = append(store, "1");
        store.close();
        server.command("HDEL", "microdot:meta", "format", "jump");
        open();
        assertEquals(first, opened.head());
        assertEquals(first + 1, append(store, "2"));
        assertEquals(List.of("1", "2"), history());
        assertTrue(server.command("HGET", "microdot:meta", "format").contains("1"));
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path each : files.toList()) {
                Files.copy(each, to.resolve(each.getFileName()));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path each : files.toList()) {
                Files.delete(each);
            }
        }
        Files.delete(folder);
    }
}
