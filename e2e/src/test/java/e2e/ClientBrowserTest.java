package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Map;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Event;
import microdot.sse.Sse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one page does with microdot.js, where tabs do not matter. */
@Timeout(180)
class ClientBrowserTest {
    private final Pages pages = new Pages("chromium", "browser/tabs.mjs");

    @AfterEach
    void closeBrowser() throws InterruptedException {
        pages.close();
    }

    private static Microdot app() {
        return new Microdot()
                .get("/", request -> Response.html("<!doctype html><title>client</title>"))
                .get("/microdot.js", Sse.client());
    }

    private static Server serve(Microdot app) {
        return app.start(new ServerOptions().host("127.0.0.1").port(0));
    }

    @Test
    void rejectionIsReported() throws Exception {
        try (Server server = serve(app().get("/401", request -> 401))) {
            pages.tell("connect", "tab", Pages.home(server.port()), "/401", "{}");
            assertEquals(Pages.state("ended", 401), pages.next("tab"));
        }
    }

    @Test
    void tableHasTheRowsOfTheStream() throws Exception {
        Microdot app =
                app().get(
                                "/table",
                                Sse.withSse(
                                        (request, sse) -> {
                                            sse.send(snapshot(1, Map.of("a", 1)));
                                            sse.send(snapshot(2, Map.of("b", 2)));
                                            sse.send(Map.of("key", "a", "value", 3), "put");
                                            sse.send(Map.of("key", "b"), "remove");
                                            Thread.sleep(Duration.ofDays(1));
                                        }));
        try (Server server = serve(app)) {
            pages.tell("table", "tab", Pages.home(server.port()), "/table");
            assertEquals("{\"a\":1}", pages.next("tab").data());
            assertEquals("{\"a\":1,\"b\":2}", pages.next("tab").data());
            assertEquals("{\"a\":3,\"b\":2}", pages.next("tab").data());
            assertEquals("{\"a\":3}", pages.next("tab").data());
        }
    }

    private static Event snapshot(int part, Map<String, Integer> rows) {
        return Event.of(Map.of("table", "t", "part", part, "of", 2, "rows", rows))
                .event("snapshot");
    }
}
