package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import e2e.Script.Received;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server drains and another replaces it: its pages notice only a pause. */
@Timeout(180)
class DrainBrowserTest {
    /** The connections that a browser opens to one origin. */
    private static final int EACH = 6;

    private static final int ORIGINS = 34;
    private static final int STREAMS = ORIGINS * EACH;

    /** How many streams the server rejects with a retry before it closes. */
    private static final int SENT_AWAY = 30;

    /** Longer than the test needs: the test ends the drain as soon as it has seen enough. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    /** Opens the streams that its query asks for, and reports their state to the page around it. */
    private static final String PAGE =
            """
            <!doctype html><title>drain</title>
            <script>
            const query = new URLSearchParams(location.search);
            const streams = Array.from({ length: Number(query.get('each')) }, () => {
              const source = new EventSource(query.get('path'));
              const one = { source, opens: 0, got: [] };
              source.onopen = () => { one.opens++; tell(); };
              source.onmessage = (e) => { one.got.push(e.data); tell(); };
              source.addEventListener('gap', (e) => { one.got.push(`gap ${e.data}`); tell(); });
              source.onerror = () => tell();
              return one;
            });
            function tell() {
              const now = ({ source, opens, got }) => ({ state: source.readyState, opens, got });
              parent.postMessage(streams.map(now), '*');
            }
            </script>
            """;

    private final Topics topics = new Topics();
    private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    private int published;

    private Server serve(int port) {
        return new Microdot()
                .get("/", request -> Response.html(PAGE))
                .get("/events", this::follow)
                .start(new ServerOptions().host("0.0.0.0").port(port));
    }

    private Response follow(Request request) {
        Response response = topics.stream("numbers").handle(request);
        asked.add(request.toString());
        return response;
    }

    private void awaitRejected() throws InterruptedException {
        assertNotNull(asked.poll(Child.PATIENCE_SECONDS, TimeUnit.SECONDS), "nobody comes");
    }

    private void publish() {
        published++;
        topics.publish("numbers", published);
    }

    /**
     * Waits until all streams are open and have received every event once and in order. Returns how
     * often the streams opened.
     */
    private int awaitAll(Pages pages) throws IOException {
        String numbers =
                IntStream.rangeClosed(1, published)
                        .mapToObj(Integer::toString)
                        .collect(Collectors.joining(" "));
        Received outcome = pages.outcome("page", "" + published);
        assertEquals(STREAMS + " in state 1 with " + numbers, outcome.data());
        return Integer.parseInt(outcome.id());
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void everyStreamSurvivesARestart(String browser) throws Exception {
        try (var pages = new Pages(browser);
                Server first = serve(0)) {
            Received opened = pages.openMany("page", first.port(), ORIGINS, EACH, "/events");
            assertEquals(STREAMS + " in state 1 with ", opened.data());
            asked.clear();
            publish();
            awaitAll(pages);
            drain(first);
            publish(); // While no server listens.
            try (Server second = serve(first.port())) {
                publish();
                awaitAll(pages);
                publish();
                // A rejected stream opened, too: it got 200 and a retry.
                int opens = awaitAll(pages);
                assertTrue(opens > 2 * STREAMS, () -> opens + ": no stream was rejected");
                assertEquals(STREAMS, second.stats().streams());
                pages.closeAll();
            }
        }
    }

    /**
     * Drains until enough streams reconnected and were rejected, and publishes events meanwhile.
     */
    private void drain(Server server) throws InterruptedException {
        Thread draining = Thread.startVirtualThread(() -> server.close(GRACE));
        for (int sent = 1; sent <= SENT_AWAY; sent++) {
            awaitRejected();
            publish();
        }
        server.close();
        draining.join();
    }
}
