package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import e2e.Script.Received;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import microdot.Microdot;
import microdot.Server;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real headless browsers with their own EventSource. */
@Timeout(180)
@ParameterizedClass
@ValueSource(strings = {"chromium", "firefox"})
class BrowserTest {
    private static final ServerOptions OPTIONS = new ServerOptions().host("127.0.0.1").port(0);

    private static @Nullable Child started;

    private final Child browser;
    private int pages;

    BrowserTest(String name) {
        browser = java.util.Objects.requireNonNull(started);
    }

    @BeforeParameterizedClassInvocation
    static void open(String name) {
        started = Child.node("browser/events.mjs", name);
        started.await("ready");
    }

    @AfterParameterizedClassInvocation
    static void quit() throws InterruptedException {
        java.util.Objects.requireNonNull(started).close();
    }

    @AfterEach
    void closePages() throws Exception {
        while (pages > 0) {
            closePage();
        }
    }

    private void openPage(int port, String path) throws Exception {
        openPage(Wire.HTTP_1, port, path);
    }

    private void openPage(Wire wire, int port, String path) throws Exception {
        browser.tell("open " + wire.scheme() + "://127.0.0.1:" + port + "/ " + path);
        pages++;
        browser.await("protocol " + (wire.http2 ? "h2" : "http/1.1"));
    }

    private void closePage() throws Exception {
        browser.tell("close");
        pages--;
        browser.await("closed");
    }

    private static Server serve(Microdot app) {
        return app.start(OPTIONS);
    }

    private static Server serve(Wire wire, Microdot app) {
        return app.start(wire.tls ? OPTIONS.tls(Certificate.get().tls()) : OPTIONS);
    }

    private void awaitNumbers(int from, int to) {
        for (int number = from; number <= to; number++) {
            assertEquals(Numbers.printed(number), browser.await("\"reading\""));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1", "HTTP_2_TLS"})
    void eventSourceDeliversWhatWasSent(Wire wire) throws Exception {
        try (Server server = serve(wire, Script.app())) {
            openPage(wire, server.port(), "/script");
            var got = new ArrayList<Received>();
            while (got.isEmpty() || !Script.END.equals(got.getLast().event())) {
                got.add(Script.parse(browser.await("\"event\"")));
            }
            Script.check(got);
        }
    }

    @Test
    void resumesAfterEachEndAndStopsAt204() throws Exception {
        var numbers = new Numbers();
        try (Server server = serve(numbers.app())) {
            openPage(server.port(), "/episodes");
            awaitNumbers(1, Numbers.LAST);
            browser.await("error 2");
            assertEquals(List.of("", "2", "4", "6"), numbers.asked);
        }
    }

    @Test
    void resumesAfterTheServerWasKilled() throws Exception {
        try (Child first = Child.java("e2e.Numbers", "0")) {
            int port = port(first);
            openPage(port, "/events");
            awaitNumbers(1, 2);
            first.kill();
            browser.await("error 0");
            try (Child second = Child.java("e2e.Numbers", "" + port)) {
                assertEquals(port, port(second));
                awaitNumbers(3, 4);
            }
        }
    }

    /** Returns the port of the URL that an application prints. */
    private static int port(Child app) {
        return Integer.parseInt(app.await("http://").replaceFirst("http://[^:]*:(\\d+).*", "$1"));
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1", "HTTP_2_TLS"})
    void resumesAfterItsConnectionWasReset(Wire wire) throws Exception {
        try (Server server = serve(wire, new Numbers().app());
                var cable = new Cable(server.port())) {
            openPage(wire, cable.port(), "/events");
            awaitNumbers(1, 2);
            cable.cut();
            awaitNumbers(3, 4);
            cable.cut();
            awaitNumbers(5, 6);
            awaitStreams(server, 1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1", "HTTP_2_TLS"})
    void closedPageEndsItsHandler(Wire wire) throws Exception {
        try (Server server = serve(wire, new Numbers().app())) {
            for (int page = 1; page <= 3; page++) {
                openPage(wire, server.port(), "/events");
                awaitNumbers(1, 2);
                assertEquals(page, server.stats().streams());
            }
            for (int left = 2; left >= 0; left--) {
                closePage();
                awaitStreams(server, left);
            }
        }
    }

    /** Waits until exactly this many streams have a running handler. */
    private static void awaitStreams(Server server, int streams) {
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!left(server, streams) && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertTrue(left(server, streams), () -> streams + " expected: " + server.stats());
    }

    private static boolean left(Server server, int streams) {
        Server.Stats stats = server.stats();
        return stats.streams() == streams && stats.handlers() == streams;
    }
}
