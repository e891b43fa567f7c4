package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A client that is new to a topic with keys. An event's name is its key: {@code k1} and so on. */
class LatestByNewcomerTest extends TopicsFixture {
    private void configure(int keepEvents) {
        topics.topic("a", new TopicOptions().keepEvents(keepEvents).latestBy(Event::event));
    }

    private void publish(String... events) {
        for (String event : events) {
            String[] parts = event.split(":", -1);
            String name = parts[0].isEmpty() ? null : parts[0];
            topics.publish("a", Event.of(parts[1]).event(name));
        }
    }

    private TestFollower followLast(int last, String... names) {
        return new TestFollower(loop).follow(topics.stream(names).last(last), null);
    }

    @Test
    void newClientGetsNewestOfEachKeyFirst() {
        configure(100);
        publish("k1:1", "k2:1", ":none", "k1:2");
        TestFollower client = follow("a").await(3);
        publish("k2:2");
        loop.run();
        assertEquals(List.of("k2:1", "k1:2", "checkpoint:", "k2:2"), client.story());
    }

    @Test
    void trimmedAndKeptEventsComeInOrder() {
        configure(2);
        publish("k1:1", "k2:1", "k3:1", "k1:2", "k4:1");
        TestFollower client = follow("a").await(5);
        assertEquals(List.of("k2:1", "k3:1", "k1:2", "k4:1", "checkpoint:"), client.story());
        assertEquals(0, topics.topic("a").stats().missed());
    }

    /** With an id, it would resume as a client that has all older ones. */
    @Test
    void clientDisconnectedAmongThemStartsAnew() {
        configure(1);
        publish("k1:1", "k2:1", "k3:1");
        TestFollower first = follow("a").await(4);
        assertNull(first.event(0).id());
        assertNull(first.event(2).id());
        assertEquals(topics.lastEventId(), first.event(3).id());
        publish("k1:2");
        String id = Objects.requireNonNull(first.event(3).id());
        assertEquals(List.of("k1:2"), resume(id, "a").story());
    }

    @Test
    void emptyTopicSendsNothing() {
        configure(5);
        topics.publish("other", "x");
        assertEquals("", follow("a").text());
    }

    @Test
    void newestOfKeysComesBeforeLastEvents() {
        configure(100);
        publish("k1:1", "k2:1", "k3:1", "k3:2", "k3:3");
        TestFollower client = followLast(2, "a");
        client.await(4);
        assertEquals(List.of("k1:1", "k2:1", "k3:2", "k3:3"), client.story());
    }

    @Test
    void otherTopicsOfStreamBeginNow() {
        configure(100);
        topics.publish("news", "old");
        publish("k1:1", "k1:2");
        topics.publish("news", "older than the client");
        TestFollower client = follow("a", "news").await(2);
        topics.publish("news", "new");
        loop.run();
        assertEquals(List.of("k1:2", "checkpoint:", "new"), client.story());
    }

    @Test
    void closedTopicSendsNewestOfTrimmedThenEverythingKept() {
        configure(3);
        publish("k1:1", "k2:1", "k1:2", ":none", "k1:3");
        topics.topic("a").close();
        TestFollower client = follow("a");
        loop.runUntil(() -> !client.sink.isOpen());
        assertEquals(List.of("k2:1", "k1:2", ":none", "k1:3"), without(client, "checkpoint:"));
    }

    private static List<String> without(TestFollower client, String left) {
        return client.events().stream()
                .map(event -> (event.event() == null ? "" : event.event()) + ":" + event.data())
                .filter(text -> !text.equals(left))
                .toList();
    }

    @Test
    void manyKeysComeInBatchesWhileTheyChange() {
        configure(3);
        IntStream.range(0, 2000).forEach(i -> publish("k" + i + ":old"));
        TestFollower client = new TestFollower(loop);
        client.sink.room(100);
        client.follow(topics.stream("a"), null);
        int[] next = {0};
        loop.runUntil(
                () -> {
                    if (next[0] < 300) {
                        publish("k" + (1999 - next[0]++) + ":new");
                    }
                    return next[0] == 300 && client.text().contains("k1700\n");
                });
        loop.run();
        publish("k0:end");
        client.awaitData("end");
        var newest = new HashSet<String>();
        var names = new ArrayList<String>();
        for (Event event : client.events()) {
            assertTrue(event.event() != null && !event.event().equals("gap"), event::toString);
            if (!event.event().equals("checkpoint")) {
                names.add(event.event());
                newest.add(event.event() + event.data());
            }
        }
        IntStream.range(1700, 2000).forEach(i -> assertTrue(newest.contains("k" + i + "new")));
        IntStream.range(1, 1700).forEach(i -> assertTrue(newest.contains("k" + i + "old"), "" + i));
        assertEquals(new HashSet<>(names).size(), 2000);
    }

    @Test
    void longRunOfReplacedEventsIsSearchedInSlices() {
        configure(20_000);
        publish("k1:first");
        IntStream.range(0, 10_000).forEach(i -> publish("k2:" + i));
        TestFollower client = follow("a").await(3);
        assertEquals(List.of("k1:first", "k2:9999", "checkpoint:"), client.story());
    }
}
