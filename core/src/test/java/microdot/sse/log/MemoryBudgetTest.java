package microdot.sse.log;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is counted, what is evicted, and that a failure leaves every log whole. */
class MemoryBudgetTest {
    private static final Retention ALL =
            new Retention(Integer.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE / 4, null);
    private static final Retention KEYED =
            new Retention(1, Long.MAX_VALUE, Long.MAX_VALUE / 4, "keys");

    private static EncodedEvent event(int length, @Nullable String id) {
        byte[] rest = ("data: " + "x".repeat(length) + "\n\n").getBytes(US_ASCII);
        return new EncodedEvent(new byte[0], rest, id);
    }

    private static EventLog log(TopicOrder order, Retention retention) {
        return order.locked(() -> order.newLog(retention, 0, () -> {}));
    }

    @Test
    void everythingIsGivenBack() {
        var budget = new MemoryBudget(Long.MAX_VALUE);
        var order = new MemoryOrder(budget);
        long before = budget.used();
        EventLog plain = log(order, ALL);
        EventLog keyed = log(order, KEYED);
        for (int i = 0; i < 5000; i++) {
            order.append(
                    plain, event(i % 300, i % 2 == 0 ? "id" + i % 900 : null), null, null, false);
            order.append(
                    keyed, event(i % 300, null), "keys", i % 3 == 0 ? null : "key" + i % 70, false);
        }
        assertTrue(budget.used() > 5000 * 150, () -> "used: " + budget.used());
        order.removeAll(plain);
        order.removeAll(keyed);
        assertEquals(before + 2 * MemoryBudget.TOPIC, budget.used());
        order.runLocked(() -> order.forget(plain));
        order.runLocked(() -> order.forget(keyed));
        assertEquals(before, budget.used());
    }

    @Test
    void idsCostMoreThanEventsWithout() {
        long plain = used(null);
        long withIds = used("an id of twenty char");
        assertTrue(withIds - plain > 1000 * 100, () -> plain + " and " + withIds);
    }

    private static long used(@Nullable String id) {
        var budget = new MemoryBudget(Long.MAX_VALUE);
        var order = new MemoryOrder(budget);
        EventLog log = log(order, ALL);
        for (int i = 0; i < 1000; i++) {
            order.append(log, event(10, id == null ? null : id + i), null, null, false);
        }
        return budget.used();
    }

    @Test
    void ordersThatShareBudgetEvictTheOldestOfAll() {
        var budget = new MemoryBudget(400_000);
        var quiet = new MemoryOrder(budget);
        var busy = new MemoryOrder(budget);
        EventLog old = log(quiet, ALL);
        EventLog recent = log(busy, ALL);
        for (int i = 0; i < 100; i++) {
            quiet.append(old, event(1000, null), null, null, false);
        }
        for (int i = 0; i < 1000; i++) {
            busy.append(recent, event(1000, null), null, null, false);
            assertTrue(budget.used() <= 400_000, () -> "used: " + budget.used());
        }
        assertEquals(99, old.keptFrom(), "all but the newest of an order is evicted");
        assertTrue(recent.next() - recent.keptFrom() > 100);
    }

    /** Against a model that looks at every log. */
    @Test
    void oldestEventOfAllLogsIsEvictedFirst() {
        long seed = Long.getLong("microdot.test.seed", System.nanoTime());
        System.out.println("MemoryBudgetTest: -Dmicrodot.test.seed=" + seed);
        var random = new Random(seed);
        var budget = new MemoryBudget(150_000);
        var order = new MemoryOrder(budget);
        var logs = new ArrayList<EventLog>();
        for (int i = 0; i < 60; i++) {
            Retention few = new Retention(3, Long.MAX_VALUE, Long.MAX_VALUE / 4, null);
            logs.add(log(order, i % 3 == 0 ? few : ALL));
        }
        for (int i = 0; i < 20_000; i++) {
            EventLog log = logs.get((int) Math.abs(random.nextGaussian() * 20) % logs.size());
            long evictedTo = order.append(log, event(random.nextInt(900), null), null, null, false);
            assertTrue(budget.used() <= 150_000, () -> "used: " + budget.used());
            assertOldestAreGone(logs, evictedTo);
        }
    }

    // Only a log's own retention, or its turn as the oldest, takes an event away.
    private static void assertOldestAreGone(List<EventLog> logs, long head) {
        long evicted = 0;
        long kept = head;
        for (int i = 0; i < logs.size(); i++) {
            EventLog log = logs.get(i);
            evicted = i % 3 == 0 ? evicted : Math.max(evicted, log.floor());
            kept = log.isEmpty() ? kept : Math.min(kept, log.oldest());
        }
        assertTrue(evicted < kept || evicted == 0, evicted + " evicted before " + kept);
    }

    @Test
    void failedEvictionReachesNoPublisherAndNoIdIsGivenTwice() {
        var order = new MemoryOrder(new MemoryBudget(5_000));
        EventLog broken =
                order.locked(
                        () ->
                                order.newLog(
                                        ALL,
                                        0,
                                        () -> {
                                            throw new IllegalStateException("thrown by the test");
                                        }));
        EventLog other = log(order, ALL);
        assertEquals(1, order.append(broken, event(500, null), null, null, false));
        for (int i = 2; i < 20; i++) {
            assertEquals(i, order.append(other, event(500, null), null, null, false));
        }
        assertEquals(19, order.head());
        assertEquals(18, other.next());
    }

    /** A forgotten log is no longer looked at, and so can be collected, while older ones stay. */
    @Test
    void forgottenLogIsNotEvictedFrom() {
        var budget = new MemoryBudget(20_000);
        var order = new MemoryOrder(budget);
        EventLog oldest = log(order, ALL);
        EventLog middle = log(order, ALL);
        EventLog other = log(order, ALL);
        order.append(oldest, event(500, null), null, null, false);
        order.append(middle, event(500, null), null, null, false);
        order.append(other, event(500, null), null, null, false);
        order.runLocked(() -> order.forget(middle));
        assertEquals(-1, middle.heapIndex);
        for (int i = 0; i < 100; i++) {
            order.append(other, event(500, null), null, null, false);
        }
        assertTrue(oldest.isEmpty());
        assertEquals(0, middle.keptFrom());
    }

    @Test
    void everyPositionAndEntryIsFoundAmongManySegments() {
        var order = new MemoryOrder(new MemoryBudget(Long.MAX_VALUE));
        EventLog log = log(order, new Retention(3000, Long.MAX_VALUE, Long.MAX_VALUE / 4, null));
        EventLog other = log(order, ALL);
        var positions = new long[5000];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = order.append(log, event(700, null), null, null, false);
            if (i % 3 == 0) {
                order.append(other, event(1, null), null, null, false);
            }
        }
        assertEquals(2000, log.keptFrom());
        for (int i = 2000; i < positions.length; i++) {
            Frame frame = log.read(i);
            assertTrue(frame != null && frame.position() == positions[i]);
            assertEquals(i, log.firstAfter(positions[i] - 1));
            assertEquals(i + 1, log.firstAfter(positions[i]));
        }
        assertEquals(2000, log.firstAfter(0));
        assertNull(log.read(5000));
    }
}
