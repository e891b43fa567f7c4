package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.CloseReason;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Run;
import microdot.sse.RunHandler;
import microdot.sse.RunOptions;
import microdot.sse.RunOptions.WhenNobodyFollows;
import microdot.sse.Runs;
import microdot.sse.StreamClosedException;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs, and the clients that follow them. */
@Timeout(60)
class RunsTest {
    private static final String END = "end";

    private final Topics topics = new Topics(1 << 24);
    private final Logged log = new Logged("microdot.sse");
    private final BlockingQueue<String> words = new LinkedBlockingQueue<>();
    private final AtomicInteger started = new AtomicInteger();

    /** Sends the words, until the end. */
    private final RunHandler work =
            run -> {
                started.incrementAndGet();
                for (String word = words.take(); !word.equals(END); word = words.take()) {
                    run.send(word, "token");
                }
            };

    @AfterEach
    void closeLog() {
        topics.close();
        log.close();
    }

    private TestClient client(Runs runs) {
        return new TestClient(
                new Microdot()
                        .post("/chat", request -> startOrResume(runs, request))
                        .get("/chat/{id}", runs.stream(request -> request.param("id")))
                        .get("/topic", topics.stream("a"))
                        .delete(
                                "/chat/{id}",
                                request -> runs.stop(request.param("id")) ? 204 : 404));
    }

    private Response startOrResume(Runs runs, microdot.Request request) {
        Response resumed = runs.resumed(request);
        return resumed == null ? runs.stream(request, runs.start(work)) : resumed;
    }

    private static TestStream follow(TestClient client, @Nullable String lastEventId, String id) {
        TestRequest request = client.request("GET", "/chat/" + id);
        return (lastEventId == null ? request : request.lastEventId(lastEventId)).stream();
    }

    private static int status(TestClient client, @Nullable String lastEventId, String id) {
        TestRequest request = client.request("GET", "/chat/" + id);
        return (lastEventId == null ? request : request.lastEventId(lastEventId)).send().status();
    }

    /** Takes everything up to the end; returns names and data. */
    private static List<String> story(TestStream stream) {
        List<String> story = new ArrayList<>();
        while (true) {
            Event event = stream.next();
            story.add(event.event() + " " + event.data());
            if ("checkpoint".equals(event.event())) {
                assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
                assertEquals(CloseReason.TOPIC_CLOSED, stream.closeReason());
                return story;
            }
        }
    }

    private static String id(TestStream stream) {
        return assertNotNull(stream.header("Run-Id"));
    }

    private static <T> T assertNotNull(@Nullable T value) {
        org.junit.jupiter.api.Assertions.assertNotNull(value);
        return value;
    }

    @Test
    void runGoesOnWithoutItsClientAndIsFollowedFromTheFirstEventOn() {
        var runs = new Runs(topics);
        try (var client = client(runs)) {
            TestStream first = client.request("POST", "/chat").stream();
            words.add("a");
            assertEquals("a", first.next().data());
            first.close();
            words.addAll(List.of("b", "c"));
            TestStream refreshed = follow(client, null, id(first));
            assertEquals("a", refreshed.next().data());
            assertEquals("b", refreshed.next().data());
            words.add(END);
            assertEquals(List.of("token c", "checkpoint "), story(refreshed));
            List<String> all = List.of("token a", "token b", "token c", "checkpoint ");
            assertEquals(all, story(follow(client, null, id(first))));
            assertEquals(all.subList(1, 4), story(follow(client, first.lastEventId(), id(first))));
            assertEquals(204, status(client, refreshed.lastEventId(), id(first)));
        }
        assertEquals(1, started.get());
        assertEquals(List.of(), log.messages());
    }

    @Test
    void repeatedPostResumesAndStartsNoSecondRun() {
        var runs = new Runs(topics, new RunOptions().keepFor(Duration.ofMillis(1)));
        try (var client = client(runs)) {
            TestStream first = client.request("POST", "/chat").stream();
            words.add("a");
            String lastId = assertNotNull(first.next().id());
            first.close();
            words.add("b");
            TestStream second = client.request("POST", "/chat").lastEventId(lastId).stream();
            assertEquals("b", second.next().data());
            assertEquals(id(first), id(second));
            words.add(END);
            assertEquals(List.of("checkpoint "), story(second));
            while (client.head("/chat/" + id(first)).status() != 404) { // Until it is swept.
                Thread.onSpinWait();
            }
            assertEquals(204, status(client, lastId, id(first)));
            assertEquals(204, client.request("POST", "/chat").lastEventId(lastId).send().status());
        }
        assertEquals(1, started.get());
    }

    @Test
    void idOfAnEarlierProcessGetsGapAndTheEndOnce() {
        String old;
        var before = new Topics(1 << 24);
        try (var client = client(new Runs(before))) {
            TestStream stream = client.request("POST", "/chat").stream();
            words.add("a");
            old = assertNotNull(stream.next().id());
            words.add(END);
            story(stream);
        }
        try (var client = client(new Runs(topics))) {
            for (TestRequest request :
                    List.of(client.request("GET", "/chat/x"), client.request("POST", "/chat"))) {
                TestResponse response = request.lastEventId(old).send();
                assertEquals(200, response.status());
                assertEquals("text/event-stream", response.header("Content-Type"));
                String text = response.text();
                assertTrue(text.startsWith("event: gap\nid: "), text);
                assertTrue(text.contains("\"from\":\"" + old + "\""), text);
                assertTrue(text.contains("\"reason\":\"restarted\""), text);
                String now = text.lines().toList().get(1).substring("id: ".length());
                assertNotEquals(old, now);
                assertEquals(204, status(client, now, "x"));
            }
        }
        assertEquals(1, started.get());
    }

    @Test
    void runWithTheIdOfAnEarlierProcessGetsGapAndEverything() {
        String old = "k3J9xQ2LmA.0123456789ABCDEFGHIJKL-7";
        var runs = new Runs(topics);
        try (var client = client(runs)) {
            runs.start("job/1", run -> run.send("a", "token"));
            TestStream stream = follow(client, old, "job%2F1");
            Event gap = stream.next();
            assertTrue(String.valueOf(gap.data()).contains("restarted"), gap.toString());
            assertEquals(List.of("token a", "checkpoint "), story(stream));
            assertEquals(204, status(client, stream.lastEventId(), "job%2F1"));
        }
    }

    @Test
    void barePositionAndIdOfAnotherRunAreNotAccepted() {
        var runs = new Runs(topics);
        try (var client = client(runs)) {
            Run own = runs.start(run -> run.send("own", "token"));
            runs.start("other", run -> run.send("secret", "token"));
            TestStream stream = follow(client, null, own.id());
            String ownId = assertNotNull(stream.next().id());
            story(stream);
            String position = ownId.substring(ownId.indexOf('-'));
            String epoch = ownId.substring(0, 10);
            assertEquals(epoch + "." + own.id() + position, ownId);
            // A guess: the epoch of all runs, with another token or none.
            String bare = epoch + position;
            String guessed = epoch + ".0123456789ABCDEFGHIJKL" + position;
            assertEquals(404, status(client, bare, "unknown"));
            assertEquals(204, status(client, guessed, "unknown"));
            assertEquals(204, client.request("POST", "/chat").lastEventId(guessed).send().status());
            TestStream fresh = client.request("POST", "/chat").lastEventId(bare).stream();
            words.add(END);
            assertEquals("gap", fresh.next().event());
            assertEquals(List.of("checkpoint "), story(fresh));
            assertEquals(1, started.get());
            for (String id : List.of(bare, guessed, ownId)) {
                TestStream other = follow(client, id, "other");
                assertEquals("gap", other.next().event());
                assertEquals(List.of("token secret", "checkpoint "), story(other));
            }
        }
    }

    @Test
    void startWithIdJoinsTheRunThatIsKept() {
        var runs = new Runs(topics);
        Run first = runs.start("job", work);
        assertSame(first, runs.start("job", work));
        words.add(END);
        try (var client = client(runs)) {
            assertEquals(List.of("checkpoint "), story(follow(client, null, "job")));
        }
        assertFalse(first.isRunning());
        assertSame(first, runs.start("job", work));
        assertEquals(1, started.get());
        assertEquals("run j…", first.toString());
        for (String id : List.of("", "a b", "a\nb", "é", "x".repeat(129))) {
            var refused = assertThrows(IllegalArgumentException.class, () -> runs.start(id, work));
            assertTrue(refused.getMessage().startsWith("id: \"" + id + "\" (expected: 1 to 128"));
        }
    }

    @Test
    void racingStartsOfOneIdStartOneRun() throws Exception {
        var runs = new Runs(topics, new RunOptions().maxRunning(8));
        var go = new CountDownLatch(1);
        Callable<Run> start =
                () -> {
                    go.await();
                    return runs.start("job", work);
                };
        Set<Run> all = new HashSet<>();
        try (var threads = Executors.newFixedThreadPool(8)) {
            List<Future<Run>> racing =
                    Collections.nCopies(8, start).stream().map(threads::submit).toList();
            go.countDown();
            for (Future<Run> run : racing) {
                all.add(run.get());
            }
        }
        assertEquals(1, all.size());
        words.add(END);
        try (var client = client(runs)) {
            story(follow(client, null, "job"));
        }
        assertEquals(1, started.get());
    }

    @Test
    void stopInterruptsAndClientsGetTheEnd() throws Exception {
        var runs = new Runs(topics);
        var seen = new CompletableFuture<Throwable>();
        var late = new CompletableFuture<Throwable>();
        try (var client = client(runs)) {
            Run run =
                    runs.start(
                            own -> {
                                own.send("begun");
                                try {
                                    new Semaphore(0).acquire();
                                } catch (InterruptedException e) {
                                    seen.complete(e);
                                }
                                late.complete(
                                        assertThrows(
                                                StreamClosedException.class,
                                                () -> own.send("too late")));
                                throw new IllegalStateException("after the stop");
                            });
            TestStream stream = follow(client, null, run.id());
            stream.next();
            assertEquals(204, client.delete("/chat/" + run.id()).status());
            assertEquals(List.of("run-stopped stopped", "checkpoint "), story(stream));
            assertEquals(404, client.delete("/chat/" + run.id()).status());
            assertEquals(404, client.delete("/chat/unknown").status());
            seen.get();
            late.get();
        }
        assertEquals(List.of(), log.messages());
    }

    @Test
    void failureGivesTheTextOfTheApplicationAndIsLoggedOnce() {
        var options = new RunOptions().errorText(failure -> "no model: " + failure.getMessage());
        var runs = new Runs(topics, options);
        var other = new Runs(topics, options.errorText(failure -> null));
        RunHandler failing =
                run -> {
                    run.send("a", "token");
                    throw new IllegalStateException("busy");
                };
        try (var client = client(runs);
                var second = client(other)) {
            assertEquals(
                    List.of("token a", "run-error no model: busy", "checkpoint "),
                    story(follow(client, null, runs.start(failing).id())));
            assertEquals(1, log.messages().size(), log.messages().toString());
            assertEquals("busy", log.thrown().getFirst().getMessage());
            assertEquals(
                    List.of("token a", "run-error The run failed.", "checkpoint "),
                    story(follow(second, null, other.start(failing).id())));
        }
    }

    @Test
    void logEntriesHaveShortenedIds() {
        var runs = new Runs(topics);
        Run run =
                runs.start(
                        own -> {
                            throw new IllegalStateException("busy");
                        });
        while (log.messages().isEmpty()) {
            Thread.onSpinWait();
        }
        String message = log.messages().getFirst();
        String expected = "run " + run.id().substring(0, 6) + "… failed; its clients were sent";
        assertTrue(message.startsWith(expected), message);
    }

    @Test
    void runThatTakesTooMuchIsStoppedAndItsClientsAreNotified() throws Exception {
        var runs = new Runs(topics, new RunOptions().maxBytes(10_000));
        var thrown = new CompletableFuture<Throwable>();
        try (var client = client(runs)) {
            Run run =
                    runs.start(
                            own -> {
                                try {
                                    while (true) {
                                        own.send("x".repeat(900));
                                    }
                                } catch (StreamClosedException e) {
                                    thrown.complete(e);
                                    throw e;
                                }
                            });
            thrown.get();
            List<String> story = story(follow(client, null, run.id()));
            assertEquals(12, story.size());
            assertEquals("run-stopped too-large", story.get(10));
        }
        assertTrue(thrown.get().getMessage().contains("maxBytes"), thrown.get().getMessage());
        assertEquals(List.of(), log.messages());
    }

    @Test
    void runIsNeverEvictedForOtherTopics() {
        var small = new Topics(200_000);
        var runs = new Runs(small, new RunOptions().maxBytes(50_000));
        try (var client = client(runs)) {
            Run run =
                    runs.start(
                            own -> {
                                for (int i = 0; i < 20; i++) {
                                    own.send("kept " + i, "token");
                                }
                                new Semaphore(0).acquire();
                            });
            TestStream stream = follow(client, null, run.id());
            for (int i = 0; i < 20; i++) {
                assertEquals("kept " + i, stream.next().data());
            }
            for (int i = 0; i < 1000; i++) {
                small.publish("a", "x".repeat(2000));
            }
            assertTrue(small.topic("a").stats().kept() < 200);
            assertTrue(runs.stop(run.id()));
            assertEquals(List.of("run-stopped stopped", "checkpoint "), story(stream));
            assertEquals(22, story(follow(client, null, run.id())).size());
        }
        small.close();
    }

    @Test
    void tooManyRunsAreRejectedWith503() throws Exception {
        var runs = new Runs(topics, new RunOptions().maxRunning(1));
        Run first = runs.start(work);
        var full = assertThrows(HttpException.class, () -> runs.start(work));
        assertEquals(503, full.status());
        assertTrue(full.getMessage().contains("maxRunning"), full.getMessage());
        assertSame(first, runs.start(first.id(), work));
        var budget = new Runs(topics, new RunOptions().maxBytes(1 << 24));
        var noRoom = assertThrows(HttpException.class, () -> budget.start(work));
        assertEquals(503, noRoom.status());
        assertTrue(noRoom.getMessage().contains("memory"), noRoom.getMessage());
        words.add(END);
        try (var client = client(runs)) {
            story(follow(client, null, first.id()));
        }
        runs.close();
        assertEquals(503, assertThrows(HttpException.class, () -> runs.start(work)).status());
    }

    @Test
    void runsTogetherTakeHalfOfTheMemoryAtMost() throws Exception {
        var small = new Topics(200_000);
        var runs = new Runs(small, new RunOptions().maxBytes(90_000));
        var stopped = new CountDownLatch(2);
        var begin = new CountDownLatch(1);
        RunHandler greedy =
                run -> {
                    begin.await();
                    try {
                        while (true) {
                            run.send("x".repeat(1000));
                        }
                    } finally {
                        stopped.countDown();
                    }
                };
        Run first = runs.start(greedy);
        Run second = runs.start(greedy);
        begin.countDown();
        stopped.await();
        try (var client = client(runs)) {
            int events = 0;
            for (Run run : List.of(first, second)) {
                List<String> story = story(follow(client, null, run.id()));
                assertEquals("run-stopped too-large", story.get(story.size() - 2));
                events += story.size() - 2;
            }
            assertTrue(events > 20 && events < 100, "events: " + events);
        }
        small.close();
    }

    @Test
    void runIsStoppedWhenNobodyFollowsAnyMore() throws Exception {
        var interrupted = new CompletableFuture<Boolean>();
        RunHandler waiting =
                run -> {
                    run.send("begun");
                    try {
                        new Semaphore(0).acquire();
                    } finally {
                        interrupted.complete(true);
                    }
                };
        var stopping = WhenNobodyFollows.stopAfter(Duration.ofMillis(1));
        var runs = new Runs(topics, new RunOptions().whenNobodyFollows(stopping));
        try (var client = client(runs)) {
            Run run = runs.start(waiting);
            TestStream stream = follow(client, null, run.id());
            stream.next();
            stream.close();
            interrupted.get();
            assertEquals(
                    List.of("null begun", "run-stopped nobody-follows", "checkpoint "),
                    story(follow(client, null, run.id())));
        }
        assertEquals(List.of(), log.messages());
    }

    @Test
    void ownIdsAndReservedNamesAreRefused() throws Exception {
        var refused = new CompletableFuture<List<String>>();
        new Runs(topics)
                .start(
                        run -> {
                            List<String> messages = new ArrayList<>();
                            for (Event event :
                                    List.of(
                                            Event.of("a").id("1"),
                                            Event.of("a").event("run-error"),
                                            Event.of("a").event("gap"))) {
                                messages.add(
                                        assertThrows(
                                                        IllegalArgumentException.class,
                                                        () -> run.send(event))
                                                .getMessage());
                            }
                            refused.complete(messages);
                        });
        assertEquals("id: \"1\" (expected: none; a run gives the ids)", refused.get().get(0));
        assertTrue(refused.get().get(1).startsWith("event: \"run-error\" (expected: "));
        assertTrue(refused.get().get(2).startsWith("event: \"gap\" (expected: "));
    }

    @Test
    void closeEndsAllRuns() throws Exception {
        var runs = new Runs(topics);
        try (var client = client(runs)) {
            Run run = runs.start(work);
            TestStream stream = follow(client, null, run.id());
            runs.close();
            assertEquals(List.of("run-stopped closing", "checkpoint "), story(stream));
        }
        assertEquals(List.of(), log.messages());
    }

    @Test
    void closedTopicsEndRunsWithoutALogEntry() throws Exception {
        var runs = new Runs(topics);
        var thrown = new CompletableFuture<Throwable>();
        try (var client = client(runs)) {
            Run run =
                    runs.start(
                            own -> {
                                words.take();
                                try {
                                    own.send("late");
                                } catch (StreamClosedException e) {
                                    thrown.complete(e);
                                    throw e;
                                }
                            });
            TestStream stream = follow(client, null, run.id());
            topics.close();
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
            words.add("go");
            thrown.get();
            while (run.isRunning()) {
                Thread.onSpinWait();
            }
        }
        assertEquals(List.of(), log.messages());
    }

    @Test
    void clientThatAcceptsJsonGetsTheStream() {
        var runs = new Runs(topics);
        try (var client = client(runs)) {
            TestStream stream =
                    client.request("POST", "/chat").header("Accept", "application/json").stream();
            words.addAll(List.of("a", END));
            assertEquals(List.of("token a", "checkpoint "), story(stream));
        }
    }

    /** Starts a run that takes more than a quarter of the memory, and waits for its end. */
    private static void runOnce(Runs runs) {
        Run run = runs.start(own -> own.send("x".repeat(50_000)));
        while (run.isRunning()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void runThatHasEndedKeepsItsMemory() {
        var small = new Topics(200_000);
        var runs = new Runs(small, new RunOptions().maxBytes(60_000));
        runOnce(runs);
        for (int i = 0; i < 1000; i++) {
            small.publish("a", "x".repeat(2000));
        }
        var full = assertThrows(HttpException.class, () -> runOnce(runs));
        assertEquals(503, full.status());
        small.close();
    }

    @Test
    void memoryOfRunsIsReleasedAfterKeepFor() {
        var small = new Topics(200_000);
        var options = new RunOptions().maxBytes(60_000).keepFor(Duration.ofMillis(1));
        var runs = new Runs(small, options);
        for (int done = 0; done < 4; ) { // One of them has room at a time.
            try {
                runOnce(runs);
                done++;
            } catch (HttpException full) {
                Thread.onSpinWait(); // Until it is swept; the test has a timeout.
            }
        }
        small.close();
    }
}
