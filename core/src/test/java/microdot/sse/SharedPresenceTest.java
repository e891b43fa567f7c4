package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import microdot.Headers;
import microdot.Request;
import microdot.sse.store.MemoryStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Presence of several processes on one store. */
@Timeout(60)
class SharedPresenceTest {
    private static final Duration LEASE = Duration.ofSeconds(21);
    private static final Duration UPKEEP = Duration.ofSeconds(6);

    private final Function<Request, @Nullable String> byName = SharedPresenceTest::name;
    private final MemoryStore engine = new MemoryStore();
    private final TestLoop loop = new TestLoop();
    private final List<Node> processes = new ArrayList<>();
    private final Node first = new Node(new LaggingStore(engine));
    private final Node second = new Node(new LaggingStore(engine.node()));

    private static @Nullable String name(Request request) {
        return request.query("name");
    }

    private final class Node {
        final LaggingStore store;
        final Topics topics;
        final Table room;

        Node(LaggingStore store) {
            this.store = store;
            topics = new Topics(store);
            room = topics.presence("room", byName);
            processes.add(this);
        }

        TestFollower join(String name) {
            return new TestFollower(loop)
                    .follow(topics.stream("room"), "/?name=" + name, new Headers());
        }

        /** Nothing of it reaches the engine any more, as with a process that was killed. */
        void kill() {
            store.close();
        }

        void pass(Duration time) {
            topics.registry().timePassed(time);
        }

        void awaitRows(Map<String, Integer> counts) {
            var rows = new HashMap<String, Object>();
            counts.forEach((name, count) -> rows.put(name, Map.of("count", count)));
            await("room", () -> rows.equals(room.rows()));
        }

        /** Other threads change the topic; a watcher's loop sees it. */
        void await(String topic, BooleanSupplier condition) {
            TestFollower watcher = TestFollower.of(loop, topics, topic);
            loop.runUntil(() -> condition.getAsBoolean() || !watcher.sink.isOpen());
            watcher.sink.disconnect();
        }
    }

    @AfterEach
    void close() {
        processes.forEach(process -> process.topics.close());
    }

    private void awaitRows(Map<String, Integer> counts) {
        first.awaitRows(counts);
        second.awaitRows(counts);
    }

    @Test
    void rowTellsTheStreamsOfAllProcesses() {
        TestFollower here = first.join("ann");
        TestFollower there = second.join("ann").await(1);
        assertTrue(there.story().getFirst().endsWith("{\"ann\":{\"count\":2}}}"), there.text());
        second.join("bob");
        awaitRows(Map.of("ann", 2, "bob", 1));
        here.sink.disconnect();
        awaitRows(Map.of("ann", 1, "bob", 1));
        there.sink.disconnect();
        awaitRows(Map.of("bob", 1));
    }

    @Test
    void lastProcessThatWritesARowLooksAtTheCountsAgain() {
        first.store.beforeAppend =
                append -> {
                    if (append.entries().getFirst().topic().equals("room")) {
                        first.store.beforeAppend = other -> {};
                        second.join("ann"); // The row of the first comes after that of both.
                    }
                };
        first.join("ann");
        assertEquals(Map.of("ann", Map.of("count", 2)), first.room.rows());
        assertEquals(first.room.rows(), second.room.rows());
    }

    @Test
    void rowsOfAKilledProcessGoWhenItsLeaseIsOver() {
        first.join("ann");
        first.join("cid");
        TestFollower ann = second.join("ann");
        awaitRows(Map.of("ann", 2, "cid", 1));
        first.kill();
        second.pass(LEASE);
        second.awaitRows(Map.of("ann", 1));
        assertEquals(
                "remove:{\"table\":\"room\",\"key\":\"cid\"}",
                ann.await(event -> "remove".equals(event.event())).story().stream()
                        .filter(text -> text.startsWith("remove"))
                        .toList()
                        .getLast());
    }

    @Test
    void rowsThatAllProcessesHaveLeftGoInTheNext() {
        first.join("ann");
        awaitRows(Map.of("ann", 1));
        first.kill();
        second.kill();
        var next = new Node(new LaggingStore(engine.node()));
        assertEquals(Map.of("ann", Map.of("count", 1)), next.room.rows());
        next.pass(LEASE);
        next.awaitRows(Map.of());
    }

    @Test
    void processThatEndsInAnOrderlyWayLeavesNothing() {
        first.join("ann");
        awaitRows(Map.of("ann", 1));
        first.topics.close();
        second.pass(UPKEEP);
        second.awaitRows(Map.of());
    }

    @Test
    void processThatWasSuspendedIsThereAgain() {
        first.join("ann");
        second.join("bob");
        awaitRows(Map.of("ann", 1, "bob", 1));
        second.pass(LEASE);
        second.awaitRows(Map.of("bob", 1));
        first.pass(UPKEEP);
        awaitRows(Map.of("ann", 1, "bob", 1));
    }

    @Test
    void clientThatComesWhileTheEngineIsAwayIsCountedLater() {
        first.store.away();
        TestFollower ann = first.join("ann").await(1);
        assertTrue(ann.sink.isOpen());
        assertEquals(Map.of(), second.room.rows());
        first.store.back();
        first.pass(UPKEEP);
        awaitRows(Map.of("ann", 1));
    }

    @Test
    void rowsComeBackWhenTheEngineHasLostEverything() {
        first.join("ann");
        second.join("ann");
        awaitRows(Map.of("ann", 2));
        engine.lose(0);
        first.pass(UPKEEP);
        second.pass(UPKEEP);
        awaitRows(Map.of("ann", 2));
    }

    @Test
    void tableThatWasRemovedAndMadeAgainHasItsNewStreamsOnly() {
        first.join("ann");
        first.topics.remove("room");
        for (Node process : processes) {
            process.topics.presence("room", byName);
        }
        first.join("bob");
        first.pass(UPKEEP);
        awaitRows(Map.of("bob", 1));
    }

    @Test
    void tableOfAnotherKindIsRefused() {
        first.topics.table("other", new TableOptions());
        assertThrows(IllegalArgumentException.class, () -> first.topics.presence("other", byName));
        assertThrows(
                IllegalArgumentException.class,
                () -> first.topics.presence("room", request -> "x"));
        assertThrows(
                IllegalArgumentException.class,
                () -> first.topics.table("room", new TableOptions()));
        assertEquals(first.room.rows(), first.topics.presence("room", byName).rows());
    }

    @Test
    void rowsAreRightAfterChangesOfAllProcessesAtOnce() throws Exception {
        var open = new ConcurrentHashMap<String, Integer>();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 8; i++) {
            Node process = i % 2 == 0 ? first : second;
            var random = new Random(i);
            TopicState room = Objects.requireNonNull(process.topics.registry().existing("room"));
            var presence = (Presence) Objects.requireNonNull(room.visits());
            threads.add(Thread.ofVirtual().start(() -> visit(presence, random, open)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        open.values().removeIf(count -> count == 0);
        awaitRows(open);
    }

    private static void visit(Presence presence, Random random, Map<String, Integer> open) {
        var mine = new ArrayList<String>();
        for (int i = 0; i < 300; i++) {
            if (mine.isEmpty() || (random.nextInt(5) < 3 && mine.size() < 4)) {
                String name = "name" + random.nextInt(3);
                mine.add(name);
                presence.rows().enter(name);
            } else {
                presence.rows().leave(mine.remove(random.nextInt(mine.size())), true);
            }
        }
        mine.forEach(name -> open.merge(name, 1, Integer::sum));
    }
}
