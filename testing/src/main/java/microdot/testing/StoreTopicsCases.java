package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import microdot.sse.Event;
import microdot.sse.History;
import microdot.sse.PublishOptions;
import microdot.sse.Subscription;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import microdot.sse.store.ConflictException;
import microdot.sse.store.EventStore;
import microdot.sse.store.EventStore.Limit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Topics on the store: what followers and ends of topics get from it. */
abstract class StoreTopicsCases extends StoreRetentionCases {
    /** More than a case publishes. */
    static final TopicOptions LARGE = new TopicOptions().keepEvents(100_000).keepBytes(100 << 20);

    private final List<Topics> opened = new ArrayList<>();

    StoreTopicsCases() {}

    /** Topics of a process, and whether there can be no other beside it. */
    record OneProcess(Topics topics, Set<Limit> limits) {
        boolean isAlone() {
            return limits.contains(Limit.ONE_NODE);
        }
    }

    final OneProcess process() throws Exception {
        EventStore store = newNode();
        var topics = new Topics(store).publishTimeout(patience()).options("", LARGE);
        synchronized (opened) {
            opened.add(topics);
        }
        return new OneProcess(topics, store.limits());
    }

    /** Returns another process, which takes the place of this one. */
    final OneProcess after(OneProcess before) throws Exception {
        if (before.isAlone()) {
            before.topics().close();
            return process();
        }
        OneProcess next = process();
        before.topics().close();
        return next;
    }

    @AfterEach
    final void closeTopics() {
        synchronized (opened) {
            opened.forEach(Topics::close);
        }
    }

    static List<Object> data(Subscription subscription, int count) {
        var data = new ArrayList<Object>();
        for (int i = 0; i < count; i++) {
            Event event = subscription.next();
            data.add(event.event() == null ? event.data() : event.event());
        }
        return data;
    }

    @Test
    void followersOfAllNodesGetOneOrder() throws Exception {
        OneProcess first = process();
        OneProcess second = first.isAlone() ? first : process();
        String id = first.topics().lastEventId();
        try (Subscription here = first.topics().followAfter(id, "a", "b");
                Subscription there = second.topics().followAfter(id, "a", "b")) {
            for (int i = 0; i < 20; i++) {
                (i % 3 == 0 ? second : first).topics().publish(i % 2 == 0 ? "a" : "b", i);
            }
            List<Object> got = data(here, 20);
            assertEquals("0", got.getFirst());
            assertEquals(got, data(there, 20));
        }
    }

    @Test
    void idIsValidInTheNextProcess() throws Exception {
        OneProcess process = process();
        String id = process.topics().publish("a", "1");
        process.topics().publish("b", "2");
        process.topics().publish("a", "3");
        OneProcess next = after(process);
        next.topics().publish("b", "4");
        try (Subscription resumed = next.topics().followAfter(id, "a", "b")) {
            assertEquals(List.of("2", "3", "4"), data(resumed, 3));
        }
    }

    @Test
    void longHistoryIsResumed() throws Exception {
        OneProcess process = process();
        String id = process.topics().publish("a", "first");
        var expected = new ArrayList<Object>();
        for (int i = 0; i < 300; i++) {
            String text = i + "x".repeat(1000);
            expected.add(text);
            process.topics().publishAsync("a", text);
        }
        process.topics().publish("a", "last");
        expected.add("last");
        OneProcess next = after(process);
        for (int i = 0; i < 3; i++) {
            try (Subscription resumed = next.topics().followAfter(id, "a")) {
                assertEquals(expected, data(resumed, expected.size()));
            }
        }
    }

    @Test
    void closedTopicIsClosedInTheNextProcess() throws Exception {
        OneProcess process = process();
        process.topics().publish("job", "1");
        process.topics().topic("job").close("done");
        OneProcess next = after(process);
        assertThrows(IllegalStateException.class, () -> next.topics().publish("job", "more"));
        try (Subscription late = next.topics().follow("job")) {
            assertEquals(List.of("1", "done", "checkpoint"), data(late, 3));
            assertFalse(late.hasNext());
        }
    }

    @Test
    void repeatedPublishGetsItsFirstIdAlsoAfterTheEndOfTheTopic() throws Exception {
        OneProcess process = process();
        assumeFalse(process.limits().contains(Limit.NO_IDEMPOTENCY_KEY), "no keys");
        var key = new PublishOptions().idempotencyKey("key");
        String first = process.topics().publish("job", "1", key);
        process.topics().topic("job").close();
        assertEquals(first, process.topics().publish("job", "1", key));
        Topics next = after(process).topics();
        assertEquals(first, next.publish("job", "1", key));
        assertEquals(
                first, next.publishAsync("job", Event.of("1"), key).toCompletableFuture().get());
        var other = new PublishOptions().idempotencyKey("other");
        assertThrows(IllegalStateException.class, () -> next.publish("job", "2", other));
    }

    @Test
    void historyIsTheSameInTheNextProcess() throws Exception {
        OneProcess process = process();
        for (int i = 0; i < 4; i++) {
            process.topics().publish("a", i);
            process.topics().publish("job", i);
        }
        process.topics().topic("job").close("done");
        var limits = List.of(1, 3, 9);
        var names = List.of("a", "job");
        var before = new ArrayList<History>();
        for (String name : names) {
            limits.forEach(limit -> before.add(process.topics().history(name, null, limit)));
        }
        OneProcess next = after(process);
        int at = 0;
        for (String name : names) {
            for (int limit : limits) {
                History here = before.get(at++);
                History there = next.topics().history(name, null, limit);
                String what = name + ", " + limit;
                assertEquals(ids(here), ids(there), what);
                assertEquals(here.closed(), there.closed(), what);
                if (here.events().size() == limit) { // Else up to the newest event of all.
                    assertEquals(here.next(), there.next(), what);
                }
            }
        }
    }

    private static List<String> ids(History history) {
        return history.events().stream().map(event -> event.id() + ": " + event.data()).toList();
    }

    @Test
    void topicThatWasRemovedExpectsNoEvent() throws Exception {
        OneProcess process = process();
        var none = new PublishOptions().expectedLastId("");
        process.topics().publish("a", "1", none);
        process.topics().remove("a");
        String id = process.topics().publish("a", "2", none);
        OneProcess next = after(process);
        assertThrows(ConflictException.class, () -> next.topics().publish("a", "3", none));
        next.topics().publish("a", "3", new PublishOptions().expectedLastId(id));
        next.topics().remove("a");
        next.topics().publish("a", "4", none);
    }

    @Test
    void publishAtTheEndOfItsTopicIsReadByAllOrByNobody() throws Exception {
        OneProcess first = process();
        OneProcess second = first.isAlone() ? first : process();
        for (int round = 0; round < 10; round++) {
            String topic = "topic " + round;
            String id = first.topics().publish(topic, "first");
            var published = ConcurrentHashMap.<Object>newKeySet();
            concurrently(
                    3,
                    thread -> {
                        if (thread == 0) {
                            first.topics().topic(topic).close();
                            return;
                        }
                        try {
                            second.topics().publish(topic, thread);
                            published.add("" + thread);
                        } catch (IllegalStateException e) {
                            // It has ended.
                        }
                    });
            for (OneProcess each : List.of(first, second)) {
                try (Subscription resumed = each.topics().followAfter(id, topic)) {
                    var got = data(resumed, published.size() + 1);
                    assertEquals("checkpoint", got.removeLast());
                    assertEquals(published, new HashSet<>(got));
                }
            }
        }
    }

    // ---- Clients that hop ----

    private static final int EVENTS = 400;
    private static final List<String> NAMES = List.of("a", "b", "c");

    /** A client that goes from node to node, with its last id. */
    private static final class Hopper {
        private final int[] next = new int[NAMES.size()];
        private String id;

        Hopper(String id) {
            this.id = id;
        }

        void take(Event event, long seed) {
            id = Objects.requireNonNull(event.id());
            String[] parts = String.valueOf(event.data()).split(" ", -1);
            int topic = NAMES.indexOf(parts[0]);
            assertEquals(
                    parts[0] + " " + next[topic],
                    String.valueOf(event.data()),
                    () -> "seed " + seed + " at " + event);
            next[topic]++;
        }
    }

    /** {@code -Dsoak.minutes} makes it longer. */
    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void clientsThatHopBetweenProcessesGetEverythingOnce() throws Exception {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(Long.getLong("soak.minutes", 0));
        do {
            hop(new Random().nextLong());
        } while (System.nanoTime() - end < 0);
    }

    private void hop(long seed) throws Exception {
        var random = new Random(seed);
        OneProcess first = process();
        var processes = new OneProcess[first.isAlone() ? 1 : 3];
        processes[0] = first;
        for (int i = 1; i < processes.length; i++) {
            processes[i] = process();
        }
        var hoppers = new ArrayList<Hopper>();
        for (int i = 0; i < 5; i++) {
            hoppers.add(new Hopper(first.topics().lastEventId()));
        }
        var numbers = new int[NAMES.size()];
        for (int i = 0; i < EVENTS; i++) {
            int topic = random.nextInt(NAMES.size());
            int at = random.nextInt(processes.length);
            processes[at]
                    .topics()
                    .publish(NAMES.get(topic), NAMES.get(topic) + " " + numbers[topic]++);
            if (random.nextInt(100) == 0) {
                processes[at] = after(processes[at]);
            }
            if (random.nextInt(4) == 0) {
                Hopper hopper = hoppers.get(random.nextInt(hoppers.size()));
                Topics node = processes[random.nextInt(processes.length)].topics();
                visit(hopper, node, numbers, random.nextInt(1, 60), seed);
            }
        }
        for (Hopper hopper : hoppers) {
            Topics node = processes[random.nextInt(processes.length)].topics();
            visit(hopper, node, numbers, Integer.MAX_VALUE, seed);
            for (int i = 0; i < numbers.length; i++) {
                assertEquals(numbers[i], hopper.next[i], "seed " + seed);
            }
        }
        for (OneProcess process : processes) {
            process.topics().close();
        }
    }

    /** Follows until it has so many events more, or all that were published. */
    private static void visit(Hopper hopper, Topics node, int[] published, int most, long seed) {
        int left = -Arrays.stream(hopper.next).sum();
        left += Arrays.stream(published).sum();
        String[] names = NAMES.toArray(String[]::new);
        try (Subscription subscription = node.followAfter(hopper.id, names)) {
            for (int i = 0; i < Math.min(left, most); i++) {
                hopper.take(subscription.next(), seed);
            }
        }
    }
}
