package microdot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.CloseReason;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.RunHandler;
import microdot.sse.Runs;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** Topics, a run whose words a test gives, and an application with runs. */
abstract class RunsFixture {
    static final String END = "end";

    final Topics topics = new Topics(1 << 24);
    final Logged log = new Logged("microdot.sse");
    final BlockingQueue<String> words = new LinkedBlockingQueue<>();
    final AtomicInteger started = new AtomicInteger();

    /** Sends the words, until the end. */
    final RunHandler work =
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

    TestClient client(Runs runs) {
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

    static TestStream follow(TestClient client, @Nullable String lastEventId, String id) {
        TestRequest request = client.request("GET", "/chat/" + id);
        return (lastEventId == null ? request : request.lastEventId(lastEventId)).stream();
    }

    static int status(TestClient client, @Nullable String lastEventId, String id) {
        TestRequest request = client.request("GET", "/chat/" + id);
        return (lastEventId == null ? request : request.lastEventId(lastEventId)).send().status();
    }

    /** Takes everything up to the end; returns names and data. */
    static List<String> story(TestStream stream) {
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

    static String id(TestStream stream) {
        return assertNotNull(stream.header("Run-Id"));
    }

    static <T> T assertNotNull(@Nullable T value) {
        org.junit.jupiter.api.Assertions.assertNotNull(value);
        return value;
    }
}
