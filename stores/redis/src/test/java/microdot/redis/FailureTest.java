package microdot.redis;

import static microdot.redis.RestartTest.append;
import static microdot.redis.RestartTest.event;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import microdot.sse.Event;
import microdot.sse.Subscription;
import microdot.sse.Table;
import microdot.sse.TableOptions;
import microdot.sse.Topics;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;
import microdot.stores.TcpProxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A network that is cut, a server that hangs, a master that is replaced, a node that lags. */
@Timeout(120)
class FailureTest {
    private final List<AutoCloseable> open = new ArrayList<>();
    private final RedisServer server = add(RedisServer.durable());

    private <T extends AutoCloseable> T add(T one) {
        open.add(one);
        return one;
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private RedisStore open(RedisStore store, RecordingTail tail) {
        add(store).open(tail);
        return store;
    }

    private static String uri(TcpProxy proxy) {
        return "redis://127.0.0.1:" + proxy.port();
    }

    private static List<String> texts(List<StoredEntry> entries) {
        return entries.stream()
                .map(each -> new String(each.entry().bytes(), StandardCharsets.UTF_8))
                .toList();
    }

    private static StoreException failure(CompletableFuture<?> future) {
        var error = assertThrows(ExecutionException.class, () -> future.get(60, TimeUnit.SECONDS));
        return assertInstanceOf(StoreException.class, error.getCause());
    }

    @Test
    void appendWhoseReplyWasCutIsFoundInTheSpine() throws Exception {
        var proxy = add(new TcpProxy(server.port));
        var tail = new RecordingTail();
        RedisStore store = open(RedisStore.connect(uri(proxy)), tail);
        long before = append(store, "before");
        proxy.cutBeforeReply("marked");
        var marked = store.append(event("marked")).toCompletableFuture();
        proxy.awaitCut();
        long after = append(store, "after");
        assertEquals(List.of(before + 1), marked.get(30, TimeUnit.SECONDS));
        assertEquals(before + 2, after);
        assertEquals(List.of("before", "marked", "after"), texts(tail.awaitEntries(3)));
    }

    @Test
    void appendThatDidNotReachTheServerIsSentAgainBeforeTheNext() throws Exception {
        var proxy = add(new TcpProxy(server.port));
        var tail = new RecordingTail();
        RedisStore store = open(RedisStore.connect(uri(proxy)), tail);
        long before = append(store, "before");
        proxy.cutBeforeRequest("marked");
        var marked = store.append(event("marked")).toCompletableFuture();
        proxy.awaitCut();
        long after = append(store, "after");
        assertEquals(List.of(before + 1), marked.get(30, TimeUnit.SECONDS));
        assertEquals(before + 2, after);
        assertEquals(List.of("before", "marked", "after"), texts(tail.awaitEntries(3)));
    }

    @Test
    void serverThatHangsFailsAppendsAndGoesOnInOrder() throws Exception {
        var tail = new RecordingTail();
        RedisStore store =
                open(
                        RedisStore.connect(server.uri())
                                .timeout(Duration.ofMillis(500))
                                .connectTimeout(Duration.ofMillis(500)),
                        tail);
        append(store, "1");
        server.signal("STOP");
        StoreException error = failure(store.append(event("sent")).toCompletableFuture());
        assertTrue(error.isUnknown(), error::toString);
        assertTrue(error.toString().contains("within 500 ms"), error::toString);
        tail.awaitCall("away");
        error = failure(store.append(event("never sent")).toCompletableFuture());
        assertFalse(error.isUnknown(), error::toString);
        server.signal("CONT");
        tail.awaitCall("back");
        append(store, "2");
        tail.await(calls -> texts(RecordingTail.entries(calls)).contains("2"));
        List<String> seen = texts(RecordingTail.entries(tail.calls()));
        assertEquals("1", seen.getFirst());
        assertEquals("2", seen.getLast());
        assertFalse(seen.contains("never sent"));
        assertEquals(seen, texts(store.read("a", 0, Long.MAX_VALUE, 1 << 20).entries()));
        assertEquals(List.of(), RecordingTail.epochs(tail.calls()));
    }

    @Test
    void readsGoOnAfterOnlyTheirConnectionDied() throws Exception {
        var proxy = add(new TcpProxy(server.port));
        var tail = new RecordingTail();
        RedisStore store =
                open(RedisStore.connect(uri(proxy)).timeout(Duration.ofMillis(500)), tail);
        long position = append(store, "1");
        proxy.deafen("another topic");
        assertThrows(StoreException.class, () -> store.kept("another topic"));
        assertEquals(position, store.head());
        assertEquals(position, store.kept("a").last());
        assertEquals(List.of(), RecordingTail.epochs(tail.calls()));
    }

    /** A reply may take longer than a try to connect. */
    @Test
    void slowServerIsWaitedForAsLongAsTheTimeout() throws Exception {
        RedisStore store =
                open(
                        RedisStore.connect(server.uri())
                                .timeout(Duration.ofSeconds(10))
                                .connectTimeout(Duration.ofMillis(200)),
                        new RecordingTail());
        long first = append(store, "1");
        for (int i = 2; i < 4; i++) {
            CompletableFuture<Void> hanging = hangForASecond();
            assertEquals(first + i - 1, append(store, "" + i));
            hanging.get(30, TimeUnit.SECONDS);
        }
        CompletableFuture<Void> hanging = hangForASecond();
        assertEquals(
                List.of("1", "2", "3"), texts(store.read("a", 0, Long.MAX_VALUE, 1000).entries()));
        hanging.get(30, TimeUnit.SECONDS);
    }

    private CompletableFuture<Void> hangForASecond() {
        server.signal("STOP");
        return CompletableFuture.runAsync(
                () -> server.signal("CONT"),
                CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS));
    }

    @Test
    void closeWaitsForAppendsUnderWay() throws Exception {
        RedisStore store = open(RedisStore.connect(server.uri()), new RecordingTail());
        var appends = new ArrayList<CompletableFuture<List<Long>>>();
        for (int i = 0; i < 2000; i++) {
            appends.add(store.append(event("" + i)).toCompletableFuture());
        }
        store.close();
        long first = appends.getFirst().get(1, TimeUnit.SECONDS).getFirst();
        for (int i = 0; i < 2000; i++) {
            assertEquals(List.of(first + i), appends.get(i).get(1, TimeUnit.SECONDS));
        }
    }

    @Test
    void boundOnAppendsFailsAtOnceAndSaysWhatToDo() throws Exception {
        RedisStore store =
                open(
                        RedisStore.connect(server.uri())
                                .maxInFlight(2, 1 << 20)
                                .timeout(Duration.ofMillis(500)),
                        new RecordingTail());
        append(store, "1");
        server.signal("STOP");
        var first = store.append(event("2")).toCompletableFuture();
        var second = store.append(event("3")).toCompletableFuture();
        StoreException error = failure(store.append(event("4")).toCompletableFuture());
        assertFalse(error.isUnknown());
        assertTrue(error.toString().contains("maxInFlight"), error::toString);
        failure(first);
        failure(second);
        server.signal("CONT");
    }

    @Test
    void emptiedServerIsToldToEveryNode() throws Exception {
        var tails = List.of(new RecordingTail(), new RecordingTail());
        RedisStore first = open(RedisStore.connect(server.uri()), tails.get(0));
        RedisStore second = open(RedisStore.connect(server.uri()), tails.get(1));
        long one = append(first, "1");
        long two = append(second, "2");
        for (RecordingTail tail : tails) {
            tail.awaitEntries(2);
        }
        server.command("FLUSHALL");
        long next = append(second, "3");
        long last = append(first, "4");
        for (RecordingTail tail : tails) {
            StoreEpoch epoch = tail.awaitEpoch();
            assertEquals(List.of(one, two, next, last), positions(tail.awaitEntries(4)));
            assertTrue(next >= epoch.first());
            assertEquals(epoch, tail.calls().get(2), "told before anything of it");
        }
        assertEquals(tails.get(0).awaitEpoch(), tails.get(1).awaitEpoch());
    }

    /** A table reads its rows anew: from the store, which begins at the same time. */
    @Test
    void emptiedServerIsToldToFollowersOfATable() throws Exception {
        try (var topics = new Topics(RedisStore.connect(server.uri()))) {
            Table table = topics.table("sensors", new TableOptions());
            table.put("one", 1);
            try (Subscription follower = topics.follow("sensors")) {
                assertEquals("snapshot", follower.next().event());
                server.command("FLUSHALL");
                assertEquals("gap", follower.next().event());
                Event rows = follower.next();
                assertEquals("snapshot", rows.event());
                assertTrue(String.valueOf(rows.data()).endsWith("\"rows\":{}}"));
                table.put("two", 2);
                assertEquals("put", follower.next().event());
            }
            assertEquals(Map.of("two", 2), table.rows());
        }
    }

    private static List<Long> positions(List<StoredEntry> entries) {
        return entries.stream().map(StoredEntry::position).toList();
    }

    @Test
    void promotedReplicaThatLagsBeginsAnEpoch() throws Exception {
        var replica =
                add(
                        RedisServer.with(
                                "--appendonly",
                                "yes",
                                "--replicaof",
                                "127.0.0.1 " + server.port,
                                "--repl-diskless-sync-delay",
                                "0"));
        var proxy = add(new TcpProxy(server.port));
        var tail = new RecordingTail();
        RedisStore store = open(RedisStore.connect(uri(proxy)), tail);
        append(store, "kept");
        while (!replica.command("XLEN", "microdot:spine").startsWith(":1")) {
            Thread.onSpinWait();
        }
        replica.signal("STOP");
        long lost = append(store, "lost");
        tail.awaitEntries(2);
        server.kill();
        replica.signal("CONT");
        // Whatever the dead master had put into its socket is applied before: it is cut off here.
        replica.command("REPLICAOF", "NO", "ONE");
        boolean there = replica.command("XLEN", "microdot:spine").startsWith(":2");
        proxy.to(replica.port);
        StoreEpoch epoch = tail.awaitEpoch();
        assertEquals(there ? lost : lost - 1, epoch.previousEnd());
        assertTrue(epoch.first() > lost + (1L << 31));
        long next = append(store, "new");
        assertTrue(next >= epoch.first());
        assertEquals("new", texts(tail.awaitEntries(3)).getLast());
        assertEquals(epoch, tail.calls().get(tail.calls().size() - 2));
    }

    /** A process that opens later finds the run that the data names. */
    @Test
    void masterThatWasAReplicaMeanwhileBeginsAnEpoch() throws Exception {
        String master = "127.0.0.1 " + server.port;
        var replica = add(RedisServer.with("--replicaof", master));
        long lost;
        try (RedisStore store = RedisStore.connect(server.uri())) {
            store.open(new RecordingTail());
            append(store, "kept");
            while (!replica.command("XLEN", "microdot:spine").startsWith(":1")) {
                Thread.onSpinWait();
            }
            replica.command("REPLICAOF", "NO", "ONE");
            lost = append(store, "lost");
        }
        server.command("REPLICAOF", "127.0.0.1", "" + replica.port);
        while (!server.command("XLEN", "microdot:spine").startsWith(":1")) {
            Thread.onSpinWait();
        }
        server.command("REPLICAOF", "NO", "ONE");
        var tail = new RecordingTail();
        RedisStore store = open(RedisStore.connect(server.uri()), tail);
        long next = append(store, "new");
        assertTrue(next > lost, next + " after " + lost);
    }

    @Test
    void nodeThatTheSpineHasLeftBehindBeginsAnEpoch() throws Exception {
        var proxy = add(new TcpProxy(server.port));
        var tail = new RecordingTail();
        var other = new RecordingTail();
        RedisStore lagging = open(RedisStore.connect(uri(proxy)), tail);
        RedisStore writer = open(RedisStore.connect(server.uri()).shortSpine(100), other);
        long first = append(lagging, "1");
        tail.awaitEntries(1);
        proxy.to(1); // Nobody listens there.
        tail.awaitCall("away");
        long last = 0;
        for (int i = 0; i < 1000; i++) {
            last = append(writer, "x" + i);
            other.awaitEntries(i + 2); // The writer must not be left behind, too.
        }
        proxy.to(server.port);
        StoreEpoch epoch = tail.awaitEpoch();
        assertEquals(first, epoch.previousEnd());
        assertTrue(epoch.first() > last);
        assertEquals(epoch, other.awaitEpoch());
        assertEquals(1001, other.awaitEntries(1001).size());
        long next = append(lagging, "new");
        tail.awaitEntries(2);
        assertEquals(next, tail.positions().getLast());
    }

    @Test
    void keyOfSomebodyElseFailsTheAppendsOfItsTopicOnly() throws Exception {
        var tail = new RecordingTail();
        RedisStore store = open(RedisStore.connect(server.uri()), tail);
        append(store, "first");
        server.command("SET", "microdot:t:bad", "x");
        var refused = Append.of(Entry.event("bad", null, null, new byte[0]));
        var expected = new ArrayList<>(List.of("first"));
        for (int round = 0; round < 3; round++) {
            var good = new ArrayList<CompletableFuture<List<Long>>>();
            var bad = new ArrayList<CompletableFuture<List<Long>>>();
            for (int i = 0; i < 5; i++) {
                String text = round + "." + i;
                expected.add(text);
                good.add(store.append(event(text)).toCompletableFuture());
                bad.add(store.append(refused).toCompletableFuture());
            }
            for (var each : good) {
                each.get(30, TimeUnit.SECONDS);
            }
            for (var each : bad) {
                StoreException error = failure(each);
                assertTrue(error.toString().contains("holds something else"), error::toString);
                assertFalse(error.isUnknown());
            }
        }
        assertEquals(expected, texts(tail.awaitEntries(expected.size())));
        server.command("DEL", "microdot:t:bad");
        append(store, refused);
    }

    /** Then the entry is there, and what belongs to it is not. */
    @Test
    void keyOfSomebodyElseBesideTheStreamOfATopicMakesTheFateUnknown() throws Exception {
        var tail = new RecordingTail();
        RedisStore store = open(RedisStore.connect(server.uri()), tail);
        append(store, "first");
        server.command("SET", "microdot:z:rows", "x");
        server.command("SET", "microdot:h:removed", "x");
        for (Entry entry : List.of(Entry.put("rows", "key", new byte[0]), Entry.clear("removed"))) {
            var error = failure(store.append(Append.of(entry)).toCompletableFuture());
            assertTrue(error.isUnknown(), error::toString);
        }
        append(store, "last");
        assertEquals(List.of("first", "", "", "last"), texts(tail.awaitEntries(4)));
    }

    @Test
    void scriptThatFailedHalfWayStopsNothingForGood() throws Exception {
        var tail = new RecordingTail();
        RedisStore store = open(RedisStore.connect(server.uri()), tail);
        long first = append(store, "first");
        // As a script leaves it that has appended, and could not write how far it came.
        server.command("HINCRBY", "microdot:meta", "position", "-1");
        assertTrue(failure(store.append(event("second")).toCompletableFuture()).isUnknown());
        assertTrue(append(store, "third") > first);
        assertEquals(List.of("first", "third"), texts(tail.awaitEntries(2)));
    }

    @Test
    void newerRetentionWinsWhenTheConnectionEnds() throws Exception {
        var proxy = add(new TcpProxy(server.port));
        var tail = new RecordingTail();
        RedisStore store = open(RedisStore.connect(uri(proxy)), tail);
        append(store, "1");
        proxy.hold();
        for (int events : List.of(11, 22)) {
            store.retain("t", new StoreRetention(events, 1000, Duration.ofMinutes(1), false));
        }
        proxy.to(1); // Nobody listens there.
        proxy.release();
        proxy.to(server.port);
        append(store, "2");
        while (!server.command("HGET", "microdot:h:t", "events").contains("22")) {
            assertFalse(Thread.interrupted(), "by the timeout of the test");
        }
        append(store, "3");
        assertTrue(server.command("HGET", "microdot:h:t", "events").contains("22"));
    }

    @Test
    void cutsWhileTwoNodesAppendLoseAndDoubleNothing() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var tails = List.of(new RecordingTail(), new RecordingTail());
        var proxies = List.of(new TcpProxy(server.port), new TcpProxy(server.port));
        var stores = new ArrayList<RedisStore>();
        for (int i = 0; i < 2; i++) {
            add(proxies.get(i));
            stores.add(
                    open(
                            RedisStore.connect(uri(proxies.get(i))).timeout(Duration.ofSeconds(30)),
                            tails.get(i)));
        }
        var futures = new ArrayList<CompletableFuture<List<Long>>>();
        for (int i = 0; i < 3000; i++) {
            int node = i % 2;
            futures.add(stores.get(node).append(event(node + "-" + i)).toCompletableFuture());
            if (random.nextInt(100) == 0) {
                proxies.get(random.nextInt(2)).cut();
                futures.getLast().get(30, TimeUnit.SECONDS);
            }
        }
        var positions = new ArrayList<Long>();
        for (var each : futures) {
            positions.add(each.get(60, TimeUnit.SECONDS).getFirst());
        }
        String hint = "seed " + seed;
        List<StoredEntry> first = tails.get(0).awaitEntries(3000);
        List<StoredEntry> second = tails.get(1).awaitEntries(3000);
        assertEquals(positions(first), positions(second), hint);
        assertEquals(positions.stream().sorted().toList(), positions(first), hint);
        List<String> texts = texts(first);
        for (int node = 0; node < 2; node++) {
            String prefix = node + "-";
            List<Integer> order =
                    texts.stream()
                            .filter(each -> each.startsWith(prefix))
                            .map(each -> Integer.valueOf(each.substring(2)))
                            .toList();
            assertEquals(order.stream().sorted().toList(), order, hint);
        }
        assertEquals(List.of(), RecordingTail.epochs(tails.get(0).calls()), hint);
    }
}
