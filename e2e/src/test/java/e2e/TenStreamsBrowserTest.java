package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** A page with ten EventSources: HTTP/2 has no limit of six connections. */
@Timeout(180)
@ParameterizedClass
@ValueSource(strings = {"chromium", "firefox"})
class TenStreamsBrowserTest {
    private static final int STREAMS = 10;
    private static final int EVENTS = 20;

    /** How many connections to a host browsers open over HTTP/1.1. */
    private static final int CONNECTIONS = 6;

    private static @Nullable Child started;

    private final Child browser;
    private final Topics topics = new Topics();

    TenStreamsBrowserTest(String name) {
        browser = java.util.Objects.requireNonNull(started);
    }

    @BeforeParameterizedClassInvocation
    static void open(String name) {
        started = Child.node("browser/ten.mjs", name);
        started.await("ready");
    }

    @AfterParameterizedClassInvocation
    static void quit() throws InterruptedException {
        java.util.Objects.requireNonNull(started).close();
    }

    private Microdot app() {
        // Firefox fires open when the first byte arrives: the line "retry".
        topics.topic("news", new TopicOptions().retry(Duration.ofMillis(200)));
        return new Microdot()
                .get("/", request -> Response.html("<!doctype html><title>ten</title>"))
                .get("/ping", request -> "pong")
                .get("/events", topics.stream("news"));
    }

    private static Set<String> each(int streams, String format) {
        return IntStream.range(0, streams)
                .mapToObj(format::formatted)
                .collect(Collectors.toCollection(HashSet::new));
    }

    /** Waits for lines that may come in any order, and for no others. */
    private void awaitAll(Set<String> expected) {
        var missing = new HashSet<>(expected);
        while (!missing.isEmpty()) {
            String line = String.valueOf(browser.line());
            assertEquals(true, missing.remove(line), () -> line + " is not one of " + missing);
        }
    }

    private void closePage() throws Exception {
        browser.tell("close");
        browser.await("closed");
    }

    @Test
    void overHttp2AllTenReceiveEachEventAndRequestsAreAnswered() throws Exception {
        var options = new ServerOptions().host("127.0.0.1").port(0);
        try (Server server = app().start(options.tls(Certificate.get().tls()))) {
            browser.tell("open https://127.0.0.1:" + server.port() + "/ /events " + STREAMS);
            browser.await("protocol h2");
            awaitAll(each(STREAMS, "open %d"));
            for (int event = 0; event < EVENTS; event++) {
                topics.publish("news", "event-" + event);
            }
            assertEquals(perStream(STREAMS), received(STREAMS));
            browser.tell("fetch /ping");
            browser.await("fetched pong");
            assertEquals(STREAMS, server.stats().streams());
            closePage();
        }
    }

    private static List<List<String>> perStream(int streams) {
        List<String> all = IntStream.range(0, EVENTS).mapToObj(n -> "event-" + n).toList();
        return java.util.Collections.nCopies(streams, all);
    }

    /** Reads as many events as all the streams together receive. */
    private List<List<String>> received(int streams) {
        var each = new ArrayList<List<String>>();
        IntStream.range(0, streams).forEach(n -> each.add(new ArrayList<>()));
        for (int lines = 0; lines < streams * EVENTS; lines++) {
            String[] words = browser.await(" event-").split(" ", 2);
            each.get(Integer.parseInt(words[0])).add(words[1]);
        }
        return each;
    }

    @Test
    void overHttp1SixBlockThePage() throws Exception {
        try (Server server = app().start(new ServerOptions().host("127.0.0.1").port(0))) {
            browser.tell("open http://127.0.0.1:" + server.port() + "/ /events " + STREAMS);
            browser.await("protocol http/1.1");
            awaitAll(each(CONNECTIONS, "open %d"));
            browser.tell("fetch /ping");
            topics.publish("news", "six");
            awaitAll(each(CONNECTIONS, "%d six"));
            // Had one of the others opened, it would have received the event too.
            assertEquals(CONNECTIONS, server.stats().streams());
            browser.tell("shut 0");
            browser.await("shut 0");
            browser.await("open 6");
            closePage();
        }
    }
}
