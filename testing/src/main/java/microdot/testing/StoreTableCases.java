package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import microdot.Microdot;
import microdot.Request;
import microdot.sse.Subscription;
import microdot.sse.Table;
import microdot.sse.TableOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tables and presence on the store. */
abstract class StoreTableCases extends StoreTopicsCases {
    StoreTableCases() {}

    @Test
    void rowThatAnotherProcessHasPutCanBeRemovedAtOnce() throws Exception {
        OneProcess first = process();
        OneProcess second = first.isAlone() ? first : process();
        Table here = first.topics().table("sensors", new TableOptions());
        Table there = second.topics().table("sensors", new TableOptions());
        for (int i = 0; i < 100; i++) {
            here.put("row", i);
            assertTrue(there.remove("row"), "row of round " + i);
            assertFalse(there.remove("row"));
        }
        assertEquals(Map.of(), there.rows());
    }

    @Test
    void ofTwoRemovalsAtTheSameTimeOneFindsTheRow() throws Exception {
        OneProcess first = process();
        OneProcess second = first.isAlone() ? first : process();
        Table here = first.topics().table("sensors", new TableOptions());
        Table there = second.topics().table("sensors", new TableOptions());
        var both = new CyclicBarrier(2);
        Callable<Integer> removals =
                () -> {
                    int found = 0;
                    for (int i = 0; i < 200; i++) {
                        both.await(30, TimeUnit.SECONDS);
                        found += there.remove("row " + i) ? 1 : 0;
                    }
                    return found;
                };
        try (var thread = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Integer> others = thread.submit(removals);
            int found = 0;
            for (int i = 0; i < 200; i++) {
                here.put("row " + i, i);
                both.await(30, TimeUnit.SECONDS);
                found += here.remove("row " + i) ? 1 : 0;
            }
            assertEquals(200, found + others.get());
        }
        assertEquals(Map.of(), here.rows());
    }

    @Test
    void tableHasItsRowsInTheNextProcess() throws Exception {
        OneProcess process = process();
        Table table = process.topics().table("sensors", new TableOptions());
        String id = table.put("one", 1);
        table.put("two", Map.of("value", 2));
        table.put("three", 3);
        table.remove("one");
        OneProcess next = after(process);
        Table later = next.topics().table("sensors", new TableOptions());
        assertEquals(Map.of("two", Map.of("value", 2), "three", 3), later.rows());
        try (Subscription resumed = next.topics().followAfter(id, "sensors")) {
            assertEquals(List.of("put", "put", "remove"), data(resumed, 3));
        }
        later.put("three", 33);
        assertEquals(33, later.get("three"));
        assertNull(later.get("one"));
    }

    @Test
    void presenceTellsTheStreamsOfAllProcesses() throws Exception {
        OneProcess first = process();
        OneProcess second = first.isAlone() ? first : process();
        Function<Request, @Nullable String> name = request -> request.query("name");
        Table here = first.topics().presence("room", name);
        Table there = second.topics().presence("room", name);
        try (TestClient one = client(first);
                TestClient two = client(second)) {
            TestStream ann = one.stream("/?name=ann");
            TestStream tab = two.stream("/?name=ann");
            TestStream bob = two.stream("/?name=bob");
            awaitRows(first, here, Map.of("ann", 2, "bob", 1));
            awaitRows(second, there, Map.of("ann", 2, "bob", 1));
            tab.close();
            awaitRows(first, here, Map.of("ann", 1, "bob", 1));
            ann.close();
            bob.close();
            awaitRows(first, here, Map.of());
            awaitRows(second, there, Map.of());
        }
    }

    @Test
    void presenceOfAProcessGoesWithIt() throws Exception {
        OneProcess process = process();
        Function<Request, @Nullable String> name = request -> request.query("name");
        process.topics().presence("room", name);
        try (TestClient client = client(process);
                TestStream ann = client.stream("/?name=ann")) {
            assertEquals("snapshot", ann.next().event());
            OneProcess next = after(process);
            awaitRows(next, next.topics().presence("room", name), Map.of());
        }
    }

    private TestClient client(OneProcess process) {
        return new TestClient(new Microdot().get("/", process.topics().stream("room")))
                .patience(patience());
    }

    private static void awaitRows(OneProcess process, Table table, Map<String, Integer> counts) {
        var rows = new HashMap<String, Object>();
        counts.forEach((name, count) -> rows.put(name, Map.of("count", count)));
        try (Subscription changes = process.topics().follow(table.name())) {
            while (!rows.equals(table.rows())) {
                changes.next();
            }
        }
    }
}
