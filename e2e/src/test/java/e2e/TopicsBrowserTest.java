package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import e2e.Script.Received;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pages that follow a topic with the browser's own EventSource: whatever happens to the server or
 * the network, each page gets every event once, or a gap for the events that it lost.
 */
@Timeout(180)
@ParameterizedClass
@ValueSource(strings = {"chromium", "firefox"})
class TopicsBrowserTest {
    private static final Duration SOON = Duration.ofMillis(50);
    private static @Nullable Pages started;

    private final Pages pages;
    private final Topics topics = new Topics();

    /** The ids of the published events by number; number 0 has none. */
    private final List<String> ids = new ArrayList<>(List.of(""));

    TopicsBrowserTest(String name) {
        pages = Objects.requireNonNull(started);
    }

    @BeforeParameterizedClassInvocation
    static void open(String name) {
        started = new Pages(name);
    }

    @AfterParameterizedClassInvocation
    static void quit() throws InterruptedException {
        Objects.requireNonNull(started).close();
    }

    @AfterEach
    void closePages() throws IOException {
        pages.closeAll();
    }

    private Server serve(TopicOptions kept, ServerOptions options) {
        topics.topic("numbers", kept.retry(SOON));
        return new Microdot()
                .get("/", request -> Response.html("<!doctype html><title>topics</title>"))
                .get("/events", topics.stream("numbers"))
                .get("/last", topics.stream("numbers").last(1))
                .start(options.host("127.0.0.1").port(0));
    }

    /** Publishes the next numbers up to this one. */
    private void publish(int last, String more) {
        while (ids.size() <= last) {
            ids.add(topics.publish("numbers", ids.size() + more));
        }
    }

    private Received event(int number) {
        return new Received("message", ids.get(number), "" + number);
    }

    private List<Received> events(int first, int last) {
        return IntStream.rangeClosed(first, last).mapToObj(this::event).toList();
    }

    @Test
    void restartedServerSendsAGapAndASnapshot() throws Exception {
        try (Child first = Child.java("e2e.Board", "0")) {
            int port = port(first);
            pages.open("page", port, "/events");
            assertEquals("[]", pages.next("page").data());
            first.tell("lost");
            Received lost = pages.next("page");
            assertEquals("lost", lost.data());
            first.kill();
            assertEquals(Pages.state("error", 0), pages.next("page"));
            try (Child second = Child.java("e2e.Board", "" + port, "kept")) {
                assertEquals(port, port(second));
                List<Received> back = pages.messages("page", "[\"kept\"]");
                assertEquals(2, back.size(), back::toString);
                Received snapshot = back.get(1);
                assertEquals("snapshot", snapshot.event());
                assertNotEquals(lost.id(), snapshot.id());
                // Has no id of its own: a page disconnected after it reconnects and gets it again.
                assertGap("board", lost.id(), snapshot.id(), "restarted", back.get(0), lost.id());
                second.tell("live");
                Received live = pages.next("page");
                assertEquals("message live", live.event() + " " + live.data());
                // From here on the page gets events without a gap.
                assertEquals(1, position(live) - position(snapshot));
            }
        }
    }

    private static int port(Child board) {
        return Integer.parseInt(board.await("listening at ").replaceFirst(".* ", ""));
    }

    private static long position(Received event) {
        return Long.parseLong(event.id().replaceFirst(".*-", ""));
    }

    private static void assertGap(
            String topic, String from, String to, String reason, Received gap, String id) {
        Map<String, @Nullable Object> expected = new HashMap<>();
        expected.put("topic", topic);
        expected.put("from", from);
        expected.put("to", to);
        expected.put("missed", null);
        expected.put("reason", reason);
        assertEquals(expected, Pages.fields(gap.data()));
        assertEquals("gap " + id, gap.event() + " " + gap.id());
    }

    @Test
    void disconnectedPageResumesOrGetsAGap() throws Exception {
        try (Server server = serve(new TopicOptions().keepEvents(8), new ServerOptions());
                var shortly = new Link(server.port());
                var forLong = new Link(server.port())) {
            pages.open("shortly", shortly.port(), "/events");
            pages.open("forLong", forLong.port(), "/events");
            publish(3, "");
            assertEquals(events(1, 3), pages.messages("forLong", "3"));
            forLong.unplug();
            assertEquals(events(1, 3), pages.messages("shortly", "3"));
            shortly.unplug();
            assertEquals(Pages.state("error", 0), pages.next("shortly"));
            publish(10, "");
            shortly.plug();
            assertEquals(events(4, 10), pages.messages("shortly", "10"));
            // In two steps, so that the connected page does not lag behind what is kept.
            publish(15, "");
            assertEquals(events(11, 15), pages.messages("shortly", "15"));
            publish(20, "");
            assertEquals(events(16, 20), pages.messages("shortly", "20"));
            forLong.plug();
            List<Received> back = pages.messages("forLong", "20");
            assertGap("numbers", ids.get(3), ids.get(12), "expired", back.get(0), ids.get(12));
            assertEquals(events(13, 20), back.subList(1, back.size()));
            publish(21, "");
            assertEquals(List.of(event(21)), pages.messages("forLong", "21"));
            assertEquals(List.of(event(21)), pages.messages("shortly", "21"));
        }
    }

    /** The events that a page received and the events in its gaps are the published events. */
    @Test
    void slowPageGetsGapsWithExactCounts() throws Exception {
        int last = 128;
        // More bytes than all sockets on the way buffer, and far more than the topic keeps.
        String large = " ".repeat(256 << 10);
        var kept = new TopicOptions().keepEvents(4).keepBytes(16 << 20);
        try (Server server = serve(kept, new ServerOptions());
                var link = new Link(server.port())) {
            pages.open("page", link.port(), "/events");
            link.stall();
            publish(last, large);
            link.flow();
            int got = 0;
            int gaps = 0;
            while (got < last) {
                Received next = pages.next("page");
                if (next.event().equals("gap")) {
                    gaps++;
                    got = afterGap(got, next);
                } else {
                    got++;
                    Received message = new Received(next.event(), next.id(), next.data().strip());
                    assertEquals(event(got), message);
                }
            }
            assertTrue(gaps > 0, "no gap arrived");
            assertEquals(0, topics.topic("numbers").stats().disconnected());
        }
    }

    private int afterGap(int got, Received gap) {
        Map<?, ?> fields = Pages.fields(gap.data());
        assertEquals("slow", fields.get("reason"), gap::toString);
        int missed = ((Number) Objects.requireNonNull(fields.get("missed"))).intValue();
        assertTrue(got == 0 || ids.get(got).equals(fields.get("from")), gap::toString);
        assertEquals(ids.get(got + missed), fields.get("to"));
        assertEquals(ids.get(got + missed), gap.id());
        return got + missed;
    }

    @Test
    void pageAboveTheLimitWaitsForAFreeStream() throws Exception {
        try (Server server = serve(new TopicOptions(), new ServerOptions().maxStreams(1))) {
            publish(1, "");
            pages.open("first", server.port(), "/last");
            assertEquals(event(1), pages.next("first"));
            pages.begin("second", server.port(), "/last");
            for (int time = 1; time <= 2; time++) {
                assertEquals(Pages.state("open", 1), pages.next("second"));
                assertEquals(Pages.state("error", 0), pages.next("second"));
            }
            publish(2, "");
            assertEquals(event(2), pages.next("first"));
            pages.close("first");
            assertEquals(List.of(event(2)), pages.messages("second", "2"));
            publish(3, "");
            assertEquals(event(3), pages.next("second"));
            assertEquals(1, server.stats().streams());
        }
    }
}
