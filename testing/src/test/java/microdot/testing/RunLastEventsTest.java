package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import microdot.CloseReason;
import microdot.HttpException;
import microdot.sse.Event;
import microdot.sse.Run;
import microdot.sse.RunEnd;
import microdot.sse.RunHandler;
import microdot.sse.RunOptions;
import microdot.sse.RunOptions.WhenNobodyFollows;
import microdot.sse.Runs;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs that end with the events of the application. */
@Timeout(60)
class RunLastEventsTest extends RunsFixture {
    private static final RunHandler WAITING =
            run -> {
                run.send("begun");
                new Semaphore(0).acquire();
            };

    private final RunOptions options =
            new RunOptions()
                    .errorText(failure -> "text of " + failure.getMessage())
                    .lastEvents(RunLastEventsTest::events);

    private static List<Event> events(RunEnd end, String text) {
        return List.of(Event.of(end + " " + text), Event.of("over").event("end"));
    }

    /** Everything up to the end of the stream, of which the application's last events are all. */
    private static List<String> whole(TestStream stream) {
        var all = new ArrayList<String>();
        do {
            all.add(String.valueOf(stream.next().data()));
        } while (!"over".equals(all.getLast()));
        assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
        assertEquals(CloseReason.TOPIC_CLOSED, stream.closeReason());
        stream.assertNothingLeft();
        return all;
    }

    private void assertEnds(
            RunOptions with, RunHandler handler, Consumer<Run> then, List<String> expected) {
        var runs = new Runs(topics, with);
        try (var client = client(runs)) {
            Run run = runs.start(handler);
            TestStream stream = follow(client, null, run.id());
            then.accept(run);
            assertEquals(expected, whole(stream));
            assertEquals(expected, whole(follow(client, null, run.id())));
        }
    }

    @Test
    void everyEndOfARunHasItsLastEvents() {
        assertEnds(options, run -> {}, run -> {}, List.of("RETURNED ", "over"));
        RunHandler failing =
                run -> {
                    throw new IllegalStateException("model");
                };
        assertEnds(options, failing, run -> {}, List.of("FAILED text of model", "over"));
        assertEquals(1, log.messages().size(), log.messages().toString());
        RunHandler greedy = run -> run.send("x".repeat(2000));
        assertEnds(
                options.maxBytes(1000), greedy, run -> {}, List.of("TOO_LARGE too-large", "over"));
    }

    @Test
    void runThatIsEndedEarlyHasItsLastEvents() {
        var runs = new Runs(topics, options);
        try (var client = client(runs)) {
            Run stopped = runs.start(WAITING);
            Run closed = runs.start(WAITING);
            TestStream first = follow(client, null, stopped.id());
            TestStream second = follow(client, null, closed.id());
            assertEquals("begun", first.next().data());
            assertEquals("begun", second.next().data());
            assertTrue(runs.stop(stopped.id()));
            assertEquals(List.of("STOPPED stopped", "over"), whole(first));
            runs.close();
            assertEquals(List.of("CLOSING closing", "over"), whole(second));
        }
        assertEquals(List.of(), log.messages());
    }

    @Test
    void runThatNobodyFollowsHasItsLastEvents() {
        var stopping = WhenNobodyFollows.stopAfter(Duration.ofMillis(1));
        var runs = new Runs(topics, options.whenNobodyFollows(stopping));
        try (var client = client(runs)) {
            Run run = runs.start(WAITING);
            TestStream stream = follow(client, null, run.id());
            stream.next();
            stream.close();
            while (run.isRunning()) {
                Thread.onSpinWait();
            }
            assertEquals(
                    List.of("begun", "NOBODY_FOLLOWS nobody-follows", "over"),
                    whole(follow(client, null, run.id())));
        }
    }

    @Test
    void clientThatHasEverythingGetsTheLastEventsAgainAndABrowserStops() {
        var runs = new Runs(topics, options);
        try (var client = client(runs)) {
            Run run = runs.start("job", own -> own.send("a"));
            TestStream stream = follow(client, null, "job");
            String first = assertNotNull(stream.next().id());
            // Only the last event moves the position.
            assertEquals(first, stream.next().id());
            String last = assertNotNull(stream.next().id());
            // A client that got no last event is sent them with the id, again and again.
            assertEquals(List.of("RETURNED ", "over"), whole(follow(client, first, "job")));
            assertEquals(last, lastId(follow(client, first, "job")));
            for (String path : List.of("/chat/job", "/chat/unknown")) {
                TestResponse again = client.request("GET", path).lastEventId(last).send();
                assertEquals(200, again.status());
                assertEquals("text/event-stream", again.header("Content-Type"));
                String end = path.endsWith("job") ? "RETURNED " : "FORGOTTEN forgotten";
                assertEquals("data: " + end + "\n\nevent: end\ndata: over\n\n", again.text());
                var browser = client.request("GET", path).header("Accept", "text/event-stream");
                assertEquals(204, browser.lastEventId(last).send().status());
            }
            assertEquals("job", run.id());
        }
    }

    private static String lastId(TestStream stream) {
        whole(stream);
        return stream.lastEventId();
    }

    @Test
    void clientOfAnEarlierProcessGetsTheLastEvents() {
        String old = "k3J9xQ2LmA.0123456789ABCDEFGHIJKL-7";
        var runs = new Runs(topics, options);
        try (var client = client(runs)) {
            for (TestRequest request :
                    List.of(client.request("GET", "/chat/x"), client.request("POST", "/chat"))) {
                String text = request.lastEventId(old).send().text();
                assertEquals("data: FORGOTTEN forgotten\n\nevent: end\ndata: over\n\n", text);
            }
        }
        assertEquals(0, started.get());
    }

    @Test
    void lastEventsThatFailAtTheEndAreThoseOfTheDefaultText() {
        var failing =
                options.lastEvents(
                        (end, text) -> {
                            if (text.startsWith("text of")) {
                                throw new IllegalStateException("no events");
                            }
                            return events(end, text);
                        });
        RunHandler handler =
                run -> {
                    throw new IllegalStateException("model");
                };
        assertEnds(failing, handler, run -> {}, List.of("FAILED The run failed.", "over"));
        assertEquals(2, log.messages().size(), log.messages().toString());
        assertTrue(log.messages().getFirst().startsWith("the lastEvents of run "));
    }

    @Test
    void lastEventsOfFailedRunsCountForTheMemoryOfTopics() throws Exception {
        var small = new Topics(200_000);
        String text = "x".repeat(15_000);
        var runs =
                new Runs(
                        small,
                        options.maxBytes(1000)
                                .keepFor(Duration.ofMinutes(1))
                                .lastEvents(
                                        (end, why) ->
                                                events(end, why.endsWith("model") ? text : why)));
        RunHandler failing =
                run -> {
                    throw new IllegalStateException("model");
                };
        try (var client = client(runs)) {
            int kept = 0;
            boolean full = false;
            for (int i = 0; i < 20 && !full; i++) {
                try {
                    kept += lastTextOf(client, runs.start(failing)).endsWith(text) ? 1 : 0;
                } catch (HttpException noRoom) {
                    full = true;
                }
            }
            // Half of the memory is for runs.
            assertTrue(kept >= 3 && kept <= 100_000 / 15_000, kept + " last events");
            client.topics(small).advance(Duration.ofMinutes(2));
            assertTrue(lastTextOf(client, runs.start(failing)).endsWith(text));
        }
        small.close();
    }

    private static String lastTextOf(TestClient client, Run run) {
        return whole(follow(client, null, run.id())).getFirst();
    }

    @Test
    void lastEventsThatClientsCannotGetAreRefusedAtOnce() {
        assertRefused(
                "lastEvents: none for RETURNED (expected: at least one, so that clients know the"
                        + " end)",
                List.of());
        assertRefused(
                "id: \"1\" (expected: none; a run gives the ids)", List.of(Event.of("a").id("1")));
        assertRefused(
                "lastEvents: 16392 bytes for RETURNED (expected: at most 16384)",
                List.of(Event.of("x".repeat(16384))));
        var reserved = List.of(Event.of("a").event("run-over"));
        assertThrows(
                IllegalArgumentException.class, () -> options.lastEvents((end, text) -> reserved));
    }

    private void assertRefused(String message, List<Event> events) {
        var refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> options.lastEvents((end, text) -> events));
        assertEquals(message, refused.getMessage());
    }

    @Test
    void findReturnsTheRunThatIsKept() {
        var runs = new Runs(topics, options);
        Run run = runs.start("job", WAITING);
        assertSame(run, runs.find("job"));
        assertTrue(runs.stop("job"));
        assertSame(run, runs.find("job"));
        assertNull(runs.find("other"));
        runs.close();
    }
}
