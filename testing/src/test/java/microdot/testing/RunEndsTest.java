package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import microdot.HttpException;
import microdot.Microdot;
import microdot.sse.Run;
import microdot.sse.RunHandler;
import microdot.sse.RunOptions;
import microdot.sse.RunOptions.WhenNobodyFollows;
import microdot.sse.Runs;
import microdot.sse.StreamClosedException;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How runs end, and what they may take. */
@Timeout(60)
class RunEndsTest extends RunsFixture {
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
        var other =
                new Runs(
                        topics,
                        options.errorText(
                                failure -> String.valueOf(failure.getMessage()).substring(9)));
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
        assertTrue(String.valueOf(thrown.get()).contains("maxBytes"), String.valueOf(thrown.get()));
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
        var app = new Microdot().get("/", request -> runs.start(work).id());
        try (var client = new TestClient(app)) {
            var rejected = client.get("/");
            assertEquals(503, rejected.status());
            assertEquals("5", rejected.headers().get("Retry-After"));
        }
        assertTrue(String.valueOf(full).contains("maxRunning"), full.toString());
        assertSame(first, runs.start(first.id(), work));
        var budget = new Runs(topics, new RunOptions().maxBytes(1 << 24));
        var noRoom = assertThrows(HttpException.class, () -> budget.start(work));
        assertEquals(503, noRoom.status());
        assertTrue(String.valueOf(noRoom).contains("memory"), noRoom.toString());
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
