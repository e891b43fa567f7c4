package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How many connections and requests a server takes. */
@Timeout(60)
class LimitsTest {
    private static final String HEAD = "GET / HTTP/1.1\r\nHost: x\r\n";

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void connectionBeyondTheLimitIsServedWhenAnotherCloses(IoMode io) throws Exception {
        var app = new Microdot().get("/", request -> "home");
        var options = new ServerOptions().maxConnections(2);
        try (Served served = new Served(app, options, io).expectFailures(1);
                RawClient first = served.client();
                RawClient second = served.client()) {
            assertEquals("home", first.get("/").readText());
            assertEquals("home", second.get("/").readText());
            try (RawClient third = served.client()) {
                third.get("/");
                // It waits in the queue of the kernel; the others are served meanwhile.
                assertEquals("home", first.get("/").readText());
                assertEquals(2, served.server.stats().connections());
                first.close();
                assertEquals("home", third.readText());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void clientsThatWaitAreAcceptedOneByOne(IoMode io) throws Exception {
        var app = new Microdot().get("/", request -> "home");
        var waiting = new ArrayList<RawClient>();
        try (Served served = new Served(app, new ServerOptions().maxConnections(1), io)) {
            served.expectFailures(1);
            RawClient first = served.client();
            assertEquals("home", first.get("/").readText());
            for (int i = 0; i < 20; i++) {
                waiting.add(served.client().get("/"));
            }
            first.close();
            for (RawClient client : waiting) {
                assertEquals("home", client.readText());
                // Perhaps the loop of the one before has not removed it yet.
                assertTrue(served.server.stats().connections() <= 2);
                client.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void requestBeyondTheLimitIsRejectedAsItsClientUnderstands(IoMode io) throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var app =
                new Microdot()
                        .get("/", request -> "home")
                        .get(
                                "/wait",
                                request -> {
                                    entered.countDown();
                                    release.await();
                                    return "waited";
                                });
        try (Served served = new Served(app, new ServerOptions().maxRequests(1), io);
                RawClient waits = served.client();
                RawClient client = served.client()) {
            waits.get("/wait");
            entered.await();
            String head = client.get("/").readHead();
            assertTrue(head.startsWith("HTTP/1.1 503 "), head);
            assertTrue(head.contains("\r\nRetry-After: "), head);
            client.readTo("Service Unavailable");
            client.send(HEAD + "Accept: text/event-stream\r\n\r\n");
            head = client.readHead();
            assertTrue(head.startsWith("HTTP/1.1 200 "), head);
            client.readTo("retry: ");
            client.readTo("\n\n");
            release.countDown();
            assertEquals("waited", waits.readText());
            served.awaitIdle();
            assertEquals("home", client.get("/").readText());
        }
    }
}
