package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.HttpException;
import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stream of topics that is asked for JSON. */
@Timeout(60)
class TopicPollTest {
    private final Topics topics = new Topics();
    private final Microdot app =
            new Microdot()
                    .get("/a", topics.stream("a"))
                    .get("/both", topics.stream("a", "b"))
                    .get("/last", topics.stream("a").last(2))
                    .get(
                            "/some",
                            topics.stream(request -> request.queries("topic"))
                                    .where((request, event) -> !event.data().equals("last")))
                    .get("/even", topics.stream("a").where((request, event) -> isEven(event)));
    private final TestClient client = new TestClient(app);

    private static boolean isEven(Event event) {
        return Integer.parseInt(String.valueOf(event.data()).substring(1)) % 2 == 0;
    }

    private record Poll(
            int status,
            List<Map<String, Object>> events,
            String next,
            boolean closed,
            @Nullable Map<String, Object> gap) {
        List<Object> data() {
            return events.stream().map(event -> event.get("data")).toList();
        }
    }

    private Poll poll(String target) {
        return read(client.request("GET", target).header("Accept", "application/json").send());
    }

    @SuppressWarnings("unchecked")
    private static Poll read(TestResponse response) {
        assertEquals("no-store", response.header("Cache-Control"));
        assertEquals("Accept", response.header("Vary"));
        Map<String, Object> json = response.json(LinkedHashMap.class);
        assertEquals(List.of("events", "next", "closed", "gap"), List.copyOf(json.keySet()));
        return new Poll(
                response.status(),
                (List<Map<String, Object>>) Objects.requireNonNull(json.get("events")),
                (String) Objects.requireNonNull(json.get("next")),
                Boolean.TRUE.equals(json.get("closed")),
                (Map<String, Object>) json.get("gap"));
    }

    private void publish(String topic, int from, int to) {
        for (int i = from; i <= to; i++) {
            topics.publish(topic, topic + i);
        }
    }

    @Test
    void newClientBeginsNowAndContinues() {
        publish("a", 1, 1);
        Poll first = poll("/a");
        assertEquals(List.of(), first.events());
        assertEquals(topics.lastEventId(), first.next());
        String id = topics.publish("a", Event.of(Map.of("n", 2)).event("reading"));
        Poll second = poll("/a?after=" + first.next());
        Map<String, Object> event = second.events().getFirst();
        assertEquals(List.of("id", "event", "data"), List.copyOf(event.keySet()));
        assertEquals(id, event.get("id"));
        assertEquals("reading", event.get("event"));
        assertEquals("{\"n\":2}", event.get("data"));
        assertEquals(id, second.next());
        assertNull(second.gap());
    }

    @Test
    void limitedPollsBringEverythingOnce() {
        String start = topics.lastEventId();
        publish("a", 1, 10);
        publish("b", 1, 10);
        publish("a", 11, 13);
        List<Object> got = new ArrayList<>();
        String next = start;
        for (Poll poll = poll("/both?limit=4&after=" + next);
                !poll.events().isEmpty();
                poll = poll("/both?limit=4&after=" + next)) {
            assertEquals(true, poll.events().size() <= 4);
            got.addAll(poll.data());
            next = poll.next();
        }
        assertEquals(23, got.size());
        assertEquals("a13", got.getLast());
        assertEquals(23, got.stream().distinct().count());
    }

    @Test
    void waitingPollGetsTheNextEvent() {
        RunningRequest waiting =
                client.request("GET", "/a?wait=60").header("Accept", "application/json").start();
        awaitFollower();
        publish("a", 1, 1);
        assertEquals(List.of("a1"), read(waiting.response()).data());
        assertEquals(0, topics.topic("a").followers());
    }

    private void awaitFollower() {
        while (topics.topic("a").followers() == 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void gapComesFirst() {
        topics.topic("a", new TopicOptions().keepEvents(2));
        String start = topics.lastEventId();
        publish("a", 1, 4);
        Poll poll = poll("/a?after=" + start);
        Map<String, Object> gap = Objects.requireNonNull(poll.gap());
        assertEquals("expired", gap.get("reason"));
        assertEquals(List.of("a3", "a4"), poll.data());
        Poll other = poll("/a?after=0123456789-7");
        assertEquals("restarted", Objects.requireNonNull(other.gap()).get("reason"));
    }

    @Test
    void severalGapsComeFirstAndTheClientGoesOn() {
        app.get("/three", topics.stream("a", "b", "c"));
        publish("c", 1, 1);
        Poll poll = poll("/three?after=0123456789-7");
        assertEquals("restarted", Objects.requireNonNull(poll.gap()).get("reason"));
        List<Object> names = poll.events().stream().map(event -> event.get("event")).toList();
        assertEquals(List.of("gap", "gap"), names.subList(0, 2));
        assertEquals("c1", poll.events().getLast().get("data"));
        assertEquals(topics.lastEventId(), poll.next());
        assertEquals(List.of(), poll("/three?after=" + poll.next()).events());
    }

    @Test
    void largeFirstEventsWithoutIdsAreWhole() {
        app.get("/many", topics.stream("a", "b").last(200));
        String large = "x".repeat(1000);
        for (int i = 0; i < 200; i++) {
            topics.publish("a", "a" + i + large);
        }
        for (int i = 0; i < 200; i++) {
            topics.publish("b", "b" + i + large);
        }
        List<Object> got = new ArrayList<>();
        Poll poll = poll("/many");
        while (!poll.events().isEmpty()) {
            got.addAll(poll.data());
            poll = poll("/many?after=" + poll.next());
        }
        assertEquals(400, got.size());
        assertEquals(400, got.stream().distinct().count());
    }

    @Test
    void twoLargeSnapshotsAreBothSent() {
        topics.topic("a", new TopicOptions().snapshot(() -> "a".repeat(100_000)));
        topics.topic("b", new TopicOptions().snapshot(() -> "b".repeat(100_000)));
        Poll poll = poll("/both");
        assertEquals(2, poll.events().size());
        assertEquals(topics.lastEventId(), poll.next());
    }

    @Test
    void snapshotIsAnEvent() {
        topics.topic("a", new TopicOptions().snapshot(() -> "state"));
        Poll poll = poll("/a?wait=0");
        assertEquals("snapshot", poll.events().getFirst().get("event"));
        publish("a", 1, 1);
        assertEquals(List.of("a1"), poll("/a?after=" + poll.next()).data());
    }

    @Test
    void lastEventsOfANewClient() {
        publish("a", 1, 5);
        Poll poll = poll("/last");
        assertEquals(List.of("a4", "a5"), poll.data());
        assertEquals(List.of(), poll("/last?after=" + poll.next()).data());
    }

    @Test
    void filterIsAwaited() {
        String start = topics.lastEventId();
        publish("a", 1, 6);
        assertEquals(List.of("a2", "a4", "a6"), drain("/even", start));
    }

    private List<Object> drain(String path, String start) {
        List<Object> got = new ArrayList<>();
        Poll poll = poll(path + "?after=" + start);
        while (!poll.events().isEmpty()) {
            got.addAll(poll.data());
            poll = poll(path + "?after=" + poll.next());
        }
        return got;
    }

    @Test
    void filterThatFailsGivesGapInItsPlace() {
        String start = topics.lastEventId();
        topics.publish("a", "a2");
        topics.publish("a", "no number");
        topics.publish("a", "a4");
        List<Object> got = new ArrayList<>();
        List<Object> reasons = new ArrayList<>();
        Poll poll = poll("/even?after=" + start);
        while (!poll.events().isEmpty() || poll.gap() != null) {
            got.addAll(poll.data());
            if (poll.gap() != null) {
                reasons.add(poll.gap().get("reason"));
            }
            poll = poll("/even?after=" + poll.next());
        }
        assertEquals(List.of("a2", "a4"), got);
        assertEquals(List.of("failed"), reasons);
    }

    @Test
    void gapThatAFilteredEventFollowsIsPassed() {
        topics.topic("tiny", new TopicOptions().keepEvents(1));
        String start = topics.lastEventId();
        publish("plain", 1, 1);
        publish("tiny", 1, 3);
        // The gap comes before the filter has tested plain1, and its id is that of the start.
        Poll first = poll("/some?topic=tiny&topic=plain&after=" + start);
        assertNotNull(first.gap());
        assertEquals("plain1", first.data().getFirst());
        assertNotEquals(start, first.next());
    }

    @Test
    void nextIsAfterWhatTheFilterRejected() {
        String start = topics.lastEventId();
        publish("a", 1, 1);
        Poll poll = poll("/even?after=" + start);
        assertEquals(List.of(), poll.data());
        assertEquals(topics.lastEventId(), poll.next());
    }

    /** The topic ends at any moment of the poll. */
    @Test
    void pollBesideTheEndIsAnswered() throws InterruptedException {
        for (int i = 0; i < 200; i++) {
            String name = "end" + i;
            int events = i % 30;
            Thread publisher =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        publish(name, 0, events);
                                        topics.topic(name).close("last");
                                    });
            assertEquals(200, poll("/some?topic=" + name + "&wait=0").status());
            publisher.join();
        }
    }

    @Test
    void endIsTold() {
        String start = topics.lastEventId();
        publish("a", 1, 1);
        topics.topic("a").close("last");
        Poll poll = poll("/a?after=" + start);
        assertEquals(List.of("a1", "last"), poll.data());
        Poll end = poll.closed() ? poll : poll("/a?wait=60&after=" + poll.next());
        assertEquals(true, end.closed());
        assertEquals(true, poll("/a?wait=60&after=" + end.next()).closed());
    }

    @Test
    void malformedParametersAreRefused() {
        for (String bad : List.of("limit=0", "limit=x", "wait=-1", "wait=1.5")) {
            TestResponse response =
                    client.request("GET", "/a?" + bad).header("Accept", "application/json").send();
            assertEquals(400, response.status(), bad);
        }
        assertNotEquals(400, poll("/a?limit=999999&wait=0").status());
    }

    @Test
    void streamIsStillTheDefault() {
        for (String accept : List.of("*/*", "text/event-stream, application/json")) {
            try (TestStream stream =
                    client.request("GET", "/a").header("Accept", accept).stream()) {
                assertEquals("text/event-stream", stream.header("Content-Type"));
            }
        }
    }

    @Test
    void clientThatLeavesEndsItsPoll() throws Exception {
        var ended = new CountDownLatch(1);
        app.afterRequest((request, response) -> ended.countDown());
        RunningRequest waiting =
                client.request("GET", "/a?wait=60").header("Accept", "application/json").start();
        awaitFollower();
        waiting.leave();
        assertEquals(true, ended.await(30, TimeUnit.SECONDS));
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void clientThatPresenceRejectsGetsNoRows() {
        topics.presence(
                "room",
                request -> {
                    if (request.query("key") == null) {
                        throw new HttpException(403);
                    }
                    return "ann";
                });
        app.get("/room", topics.stream("room"));
        TestResponse response =
                client.request("GET", "/room").header("Accept", "application/json").send();
        assertEquals(403, response.status());
        assertEquals("snapshot", poll("/room?key=1").events().getFirst().get("event"));
    }

    @Test
    void newClientThatIsStoppedBeforeItsSnapshotStaysNew() throws Exception {
        var begun = new CountDownLatch(1);
        topics.topic(
                "a",
                new TopicOptions()
                        .snapshot(
                                () -> {
                                    begun.countDown();
                                    try {
                                        new CountDownLatch(1).await();
                                    } catch (InterruptedException e) {
                                        Thread.currentThread().interrupt();
                                    }
                                    return "late";
                                }));
        RunningRequest waiting =
                client.request("GET", "/a?wait=60").header("Accept", "application/json").start();
        begun.await();
        waiting.leave();
        assertEquals(503, waiting.response().status());
    }

    @Test
    void streamWithAnOpeningHandlerHasNoJsonForm() {
        app.get("/opening", topics.stream("a").onOpen((request, sse) -> sse.send("hello")));
        TestResponse response =
                client.request("GET", "/opening").header("Accept", "application/json").send();
        assertEquals(406, response.status());
    }

    @Test
    void namesThatAreRefusedAreRefusedHereToo() {
        app.get(
                "/secret",
                topics.stream(
                        request -> {
                            throw new HttpException(403);
                        }));
        TestResponse response =
                client.request("GET", "/secret").header("Accept", "application/json").send();
        assertEquals(403, response.status());
    }
}
