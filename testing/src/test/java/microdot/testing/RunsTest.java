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
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import microdot.sse.Event;
import microdot.sse.Run;
import microdot.sse.RunOptions;
import microdot.sse.Runs;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs, and the clients that follow them. */
@Timeout(60)
class RunsTest extends RunsFixture {
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
            assertTrue(
                    String.valueOf(refused.getMessage())
                            .startsWith(
                                    "id: \"" + id.replace("\n", "\\n") + "\" (expected: 1 to 128"));
        }
    }

    @Test
    void racingStartsOfOneIdStartOneRunAndTakeOnePlace() throws Exception {
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (int round = 0; round < 100; round++) {
                var runs = new Runs(topics, new RunOptions().maxRunning(1));
                var together = new CyclicBarrier(8);
                Callable<Run> start =
                        () -> {
                            together.await();
                            return runs.start("job", work);
                        };
                Set<Run> all = new HashSet<>();
                for (Future<Run> run : threads.invokeAll(Collections.nCopies(8, start))) {
                    all.add(run.get());
                }
                assertEquals(1, all.size());
                words.add(END);
                try (var client = client(runs)) {
                    story(follow(client, null, "job"));
                }
                assertEquals(round + 1, started.get());
            }
        }
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
    void clientThatAcceptsJsonGetsTheStream() {
        var runs = new Runs(topics);
        try (var client = client(runs)) {
            TestStream stream =
                    client.request("POST", "/chat").header("Accept", "application/json").stream();
            words.addAll(List.of("a", END));
            assertEquals(List.of("token a", "checkpoint "), story(stream));
        }
    }
}
