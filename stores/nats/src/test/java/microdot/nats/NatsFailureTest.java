package microdot.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static microdot.nats.NatsStoreTest.append;
import static microdot.nats.NatsStoreTest.event;
import static microdot.nats.NatsStoreTest.failure;
import static microdot.nats.NatsStoreTest.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.sse.Subscription;
import microdot.sse.Table;
import microdot.sse.TableOptions;
import microdot.sse.Topics;
import microdot.sse.store.Append;
import microdot.sse.store.EventStore.Opened;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import microdot.stores.TcpProxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a store on NATS does when its server, its stream or the network fails. */
@Timeout(180)
class NatsFailureTest {
    @TempDir Path folder;
    private NatsServer server;
    private int monitor;
    private final List<NatsStore> stores = new ArrayList<>();

    @BeforeEach
    void start() {
        monitor = NatsServer.freePort();
        server = new NatsServer(folder, "http: " + monitor);
    }

    @AfterEach
    void stop() {
        stores.forEach(NatsStore::close);
        server.close();
    }

    private NatsStore store() {
        return store(server.url());
    }

    private NatsStore store(String url) {
        NatsStore store = NatsStore.connect(url).timeout(Duration.ofSeconds(20));
        stores.add(store);
        return store;
    }

    private static void assertRising(List<Long> positions) {
        assertEquals(positions.stream().distinct().sorted().toList(), positions);
    }

    @Test
    void storeThatCouldNotBeOpenedIsOpenedLater() throws Exception {
        NatsStore store = store();
        var tail = new RecordedTail();
        server.stop();
        String reason = assertThrows(StoreException.class, () -> store.open(tail)).getMessage();
        String again = assertThrows(StoreException.class, () -> store.open(tail)).getMessage();
        assertEquals(reason, again);
        server.start();
        store.open(tail);
        append(store, event("a", "1"));
        tail.awaitEntries(1);
        assertThrows(StoreException.class, () -> store.open(new RecordedTail()));
    }

    @Test
    void restartOfTheServerLosesNothing() throws Exception {
        NatsStore store = store();
        var tail = new RecordedTail();
        Opened opened = store.open(tail);
        append(store, event("a", "1"));
        server.stop();
        tail.awaitCall("away");
        CompletionStage<List<Long>> waiting = store.append(Append.of(event("a", "2")));
        assertFalse(waiting.toCompletableFuture().isDone());
        server.start();
        waiting.toCompletableFuture().join();
        assertEquals(List.of("away", "back"), tail.calls);
        long last = append(store, event("a", "3"));
        assertEquals(List.of("1", "2", "3"), texts(tail.entries));
        assertRising(tail.positions());
        Opened again = store().open(new RecordedTail());
        assertEquals(opened.epochs(), again.epochs());
        assertEquals(last, again.head());
    }

    private static List<String> texts(List<StoredEntry> entries) {
        return entries.stream().map(NatsStoreTest::text).toList();
    }

    private int connections() throws Exception {
        String url = "http://127.0.0.1:" + monitor + "/varz";
        try (InputStream in = URI.create(url).toURL().openStream()) {
            String body = new String(in.readAllBytes(), UTF_8);
            Matcher total = Pattern.compile("\"total_connections\": (\\d+)").matcher(body);
            assertTrue(total.find(), body);
            return Integer.parseInt(total.group(1));
        }
    }

    @Test
    void idleStoreKeepsItsConnection() throws Exception {
        NatsStore store = store();
        var tail = new RecordedTail();
        store.open(tail);
        int before = connections();
        // Two heartbeats later.
        CompletableFuture.runAsync(
                () -> append(store, event("a", "1")),
                CompletableFuture.delayedExecutor(2500, TimeUnit.MILLISECONDS));
        tail.awaitEntries(1);
        assertEquals(before, connections());
    }

    private void deleteStream() throws Exception {
        try (Connection connection = Nats.connect(server.url())) {
            JetStreamManagement management = connection.jetStreamManagement();
            management.deleteStream("microdot");
        }
    }

    @Test
    void deletedStreamBeginsAnEpochWhileOpen() throws Exception {
        NatsStore a = store();
        NatsStore b = store();
        var tailA = new RecordedTail();
        var tailB = new RecordedTail();
        Opened opened = a.open(tailA);
        b.open(tailB);
        long before = append(a, event("a", "1"));
        tailB.awaitEntries(1);
        deleteStream();
        tailA.awaitCall("begins");
        tailB.awaitCall("begins");
        StoreEpoch epoch = tailA.epochs.getFirst();
        assertEquals(tailB.epochs, tailA.epochs);
        assertNotEquals(opened.epochs().getLast().name(), epoch.name());
        assertEquals(0, epoch.previousEnd());
        assertTrue(epoch.first() > before);
        long next = append(b, event("a", "2"));
        assertTrue(next >= epoch.first());
        tailA.awaitEntries(2);
        tailB.awaitEntries(2);
        assertEquals(tailA.positions(), tailB.positions());
        assertEquals(List.of(before, next), tailA.positions());
        assertEquals(List.of(epoch), store().open(new RecordedTail()).epochs());
    }

    /** A table reads its rows anew: from the store, which begins at the same time. */
    @Test
    void deletedStreamIsToldToFollowersOfATable() throws Exception {
        try (var topics = new Topics(store())) {
            Table table = topics.table("sensors", new TableOptions());
            table.put("one", 1);
            try (Subscription follower = topics.follow("sensors")) {
                assertEquals("snapshot", follower.next().event());
                deleteStream();
                assertEquals("gap", follower.next().event());
                assertEquals("snapshot", follower.next().event());
                table.put("two", 2);
                assertEquals("put", follower.next().event());
            }
            assertEquals(Map.of("two", 2), table.rows());
        }
    }

    @Test
    void deletedStreamBeginsAnEpochWhileClosed() throws Exception {
        NatsStore store = store();
        Opened opened = store.open(new RecordedTail());
        long before = append(store, event("a", "1"));
        store.close();
        deleteStream();
        Opened again = store().open(new RecordedTail());
        assertEquals(0, again.head());
        assertNotEquals(opened.epochs(), again.epochs());
        assertTrue(again.epochs().getFirst().first() > before);
    }

    @Test
    void serverThatComesBackOlderBeginsAnEpoch() throws Exception {
        NatsStore a = store();
        NatsStore b = store();
        var tailA = new RecordedTail();
        var tailB = new RecordedTail();
        Opened opened = a.open(tailA);
        b.open(tailB);
        long kept = append(a, event("a", "kept"));
        Path files = folder.resolve("store");
        Path backup = folder.resolve("backup");
        server.stop();
        copy(files, backup);
        server.start();
        long lost = 0;
        for (int i = 0; i < 5; i++) {
            lost = append(a, event("a", "lost " + i));
        }
        tailB.awaitEntries(6);
        server.kill();
        delete(files);
        copy(backup, files);
        server.start();
        tailA.awaitCall("begins");
        tailB.awaitCall("begins");
        assertEquals(tailA.epochs, tailB.epochs);
        StoreEpoch epoch = tailA.epochs.getFirst();
        assertEquals(kept, epoch.previousEnd());
        assertTrue(epoch.first() > lost);
        long next = append(b, event("a", "new"));
        assertTrue(next >= epoch.first());
        tailA.awaitEntries(7);
        tailB.awaitEntries(7);
        assertRising(tailA.positions());
        assertEquals(tailA.positions(), tailB.positions());
        assertEquals(List.of("kept", "new"), texts(a.read("a", 0, Long.MAX_VALUE, 1000).entries()));
        assertEquals(List.of("new"), texts(a.read("a", kept, Long.MAX_VALUE, 1000).entries()));
        Opened again = store().open(new RecordedTail());
        assertEquals(List.of(opened.epochs().getFirst(), epoch), again.epochs());
        assertEquals(next, again.head());
    }

    @Test
    void serverThatComesBackOlderWhileNobodyIsConnectedBeginsAnEpoch() throws Exception {
        NatsStore first = store();
        Opened opened = first.open(new RecordedTail());
        long kept = append(first, event("a", "kept"));
        first.close();
        Path files = folder.resolve("store");
        Path backup = folder.resolve("backup");
        server.stop();
        copy(files, backup);
        server.start();
        NatsStore second = store();
        assertEquals(kept, second.open(new RecordedTail()).epochs().getLast().previousEnd());
        long lost = append(second, event("a", "lost"));
        second.close();
        server.kill();
        delete(files);
        copy(backup, files);
        server.start();
        NatsStore third = store();
        List<StoreEpoch> epochs = third.open(new RecordedTail()).epochs();
        assertEquals(opened.epochs().getFirst(), epochs.getFirst());
        assertEquals(kept, epochs.getLast().previousEnd());
        assertTrue(append(third, event("a", "new")) > lost);
        // While a process is connected, a further one begins none.
        assertEquals(epochs, store().open(new RecordedTail()).epochs());
    }

    /** The newest epoch has no event then: it will not do. */
    @Test
    void olderStateThatEndsWithAnEpochBeginsAnother() throws Exception {
        NatsStore first = store();
        first.open(new RecordedTail());
        first.close();
        Path files = folder.resolve("store");
        Path backup = folder.resolve("backup");
        for (int i = 0; i < 2; i++) { // After the first epoch, and after a later one.
            server.stop();
            copy(files, backup);
            server.start();
            NatsStore before = store();
            before.open(new RecordedTail());
            long lost = append(before, event("a", "lost"));
            before.close();
            server.kill();
            delete(files);
            copy(backup, files);
            delete(backup);
            server.start();
            NatsStore after = store();
            after.open(new RecordedTail());
            assertTrue(append(after, event("a", "new")) > lost);
            after.close();
        }
    }

    @Test
    void lossThatAnotherNodeDidNotNoticeBeginsAnEpoch() throws Exception {
        NatsStore noticing = store();
        var tail = new RecordedTail();
        noticing.open(tail);
        long kept = append(noticing, event("a", "kept"));
        Path files = folder.resolve("store");
        Path backup = folder.resolve("backup");
        server.stop();
        tail.awaitCall("away");
        copy(files, backup);
        server.start();
        for (int i = 0; i < 3; i++) {
            append(noticing, event("a", "lost " + i));
        }
        server.stop();
        tail.await("away twice", () -> tail.calls.stream().filter("away"::equals).count() == 2);
        delete(files);
        copy(backup, files);
        // On another port, a node that knows nothing of the loss publishes.
        try (var elsewhere = new NatsServer(folder)) {
            NatsStore other = store(elsewhere.url());
            var otherTail = new RecordedTail();
            other.open(otherTail);
            for (int i = 0; i < 5; i++) {
                append(other, event("a", "again " + i));
            }
            other.close();
            elsewhere.stop();
        }
        server.start();
        tail.awaitCall("begins");
        assertEquals(kept, tail.epochs.getFirst().previousEnd());
        append(noticing, event("a", "new"));
        assertRising(tail.positions());
        var expected = new ArrayList<>(List.of("kept", "lost 0", "lost 1", "lost 2"));
        for (int i = 0; i < 5; i++) {
            expected.add("again " + i);
        }
        expected.add("new");
        tail.awaitEntries(expected.size());
        assertEquals(expected, texts(tail.entries));
    }

    @Test
    void idsStayValidWhenTheStreamIsChangedBetweenTwoRestarts() throws Exception {
        NatsStore first = store();
        first.open(new RecordedTail());
        long position = append(first, event("a", "1"));
        first.close();
        for (int i = 1; i <= 3; i++) {
            server.stop();
            server.start();
            NatsStore next = store().maxPerTopic(1000 * i);
            stores.add(next);
            next.open(new RecordedTail());
            assertEquals(
                    position, next.read("a", 0, Long.MAX_VALUE, 1).entries().getFirst().position());
            next.close();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var paths = Files.walk(from)) {
            for (Path each : paths.toList()) {
                Files.copy(each, to.resolve(from.relativize(each)));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path each, IOException e)
                            throws IOException {
                        Files.delete(each);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    @Test
    void pausedServerIsLeftAndFoundAgain() throws Exception {
        NatsStore store = store();
        var tail = new RecordedTail();
        store.open(tail);
        append(store, event("a", "1"));
        server.signal("STOP");
        tail.awaitCall("away");
        CompletionStage<List<Long>> waiting = store.append(Append.of(event("a", "2")));
        server.signal("CONT");
        waiting.toCompletableFuture().join();
        assertEquals(List.of("1", "2"), texts(tail.entries));
        assertEquals(List.of("away", "back"), tail.calls);
    }

    @Test
    void appendWhoseAcknowledgementIsLostIsFoundInTheStream() throws Exception {
        try (var proxy = new TcpProxy(server.port())) {
            NatsStore store = store("nats://127.0.0.1:" + proxy.port());
            NatsStore other = store();
            var tail = new RecordedTail();
            var otherTail = new RecordedTail();
            store.open(tail);
            other.open(otherTail);
            append(store, event("a", "1"));
            proxy.deafen();
            CompletionStage<List<Long>> result = store.append(Append.of(event("a", "2")));
            otherTail.awaitEntries(2); // It is in the stream.
            proxy.cut();
            long position = result.toCompletableFuture().join().getFirst();
            assertEquals(otherTail.positions().getLast(), position);
            assertEquals(List.of("1", "2"), texts(tail.entries));
        }
    }

    @Test
    void appendThatDoesNotArriveIsUnknown() throws Exception {
        try (var proxy = new TcpProxy(server.port())) {
            NatsStore store = store("nats://127.0.0.1:" + proxy.port());
            store.open(new RecordedTail());
            append(store, event("a", "1"));
            server.signal("STOP");
            CompletionStage<List<Long>> result = store.append(Append.of(event("a", "2")));
            server.kill(); // It was sent, and the server has not read it.
            server.start();
            StoreException failure = failure(result);
            assertTrue(failure.isUnknown(), message(failure));
            append(store, event("a", "3"));
            assertEquals(
                    List.of("1", "3"), texts(store.read("a", 0, Long.MAX_VALUE, 100).entries()));
        }
    }

    @Test
    void appendsWhileAwayAreBoundedAndFailAfterTheTimeout() throws Exception {
        NatsStore store =
                NatsStore.connect(server.url()).timeout(Duration.ofSeconds(1)).maxInFlight(3);
        stores.add(store);
        var tail = new RecordedTail();
        store.open(tail);
        server.stop();
        tail.awaitCall("away");
        var results = new ArrayList<CompletionStage<List<Long>>>();
        for (int i = 0; i < 4; i++) {
            results.add(store.append(Append.of(event("a", "" + i))));
        }
        StoreException tooMany = failure(results.get(3));
        assertTrue(message(tooMany).contains("maxInFlight, 3"), message(tooMany));
        for (CompletionStage<List<Long>> result : results) {
            assertFalse(failure(result).isUnknown());
        }
        server.start();
        tail.awaitCall("back");
        append(store, event("a", "later"));
        assertEquals(List.of("later"), texts(tail.entries));
    }
}
