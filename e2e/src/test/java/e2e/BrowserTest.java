package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Event;
import microdot.sse.Sse;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real browsers, headless, with their own EventSource. */
@Timeout(180)
class BrowserTest {
    private final CountDownLatch left = new CountDownLatch(1);

    /**
     * Counts on from the id that the browser brings; every stream is cut after two events, but
     * those from 5 on.
     */
    private Microdot app() {
        return new Microdot()
                .get("/", request -> Response.html("<!doctype html><title>test</title>"))
                .get(
                        "/events",
                        Sse.withSse(
                                (request, sse) -> {
                                    String last = sse.lastEventId();
                                    int from = last == null ? 0 : Integer.parseInt(last);
                                    for (int n = from + 1; n <= from + 2; n++) {
                                        sse.send(
                                                Event.of("line\r\n" + n)
                                                        .event("reading")
                                                        .id("" + n)
                                                        .retry(Duration.ofMillis(50)));
                                    }
                                    if (from < 4) {
                                        return;
                                    }
                                    try {
                                        Thread.sleep(Duration.ofDays(1));
                                    } finally {
                                        left.countDown();
                                    }
                                }));
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void eventSourceResumesWhereItWas(String browser) throws Exception {
        int port;
        try (Server first = app().start(new ServerOptions().host("127.0.0.1").port(0))) {
            port = first.port();
            try (Child page =
                    Child.node("browser/events.mjs", browser, "http://127.0.0.1:" + port + "/")) {
                // The first two streams end after two events each, the third stays.
                for (int n = 1; n <= 6; n++) {
                    String line = page.await("\"reading\"");
                    assertEquals(
                            "{\"event\":\"reading\",\"id\":\""
                                    + n
                                    + "\",\"data\":\"line\\n"
                                    + n
                                    + "\"}",
                            line);
                }
                first.close();
                // The server is gone, and comes again on its port.
                page.await("error 0");
                try (Server second =
                        app().start(new ServerOptions().host("127.0.0.1").port(port))) {
                    String line = page.await("\"reading\"");
                    assertTrue(line.contains("\"id\":\"7\""), line);
                    page.signal("TERM");
                    page.exitCode();
                    left.await();
                    assertEquals(0, second.stats().streams());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void theDashboardLives(String browser) throws Exception {
        Path pictures = Files.createDirectories(Child.home().resolve("e2e/target/screenshots"));
        try (Child demo =
                        Child.start(
                                Child.home(),
                                ProcessHandle.current().info().command().orElseThrow(),
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "dashboard.Main",
                                "--port",
                                "0");
                Child look =
                        Child.node(
                                "browser/dashboard.mjs",
                                browser,
                                demo.await("http://localhost")
                                        .replaceFirst(".*(http://localhost:\\d+).*", "$1"),
                                pictures.toString())) {
            assertEquals("{\"problems\":[]}", look.await("problems"));
        }
    }
}
