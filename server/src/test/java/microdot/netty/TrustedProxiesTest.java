package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import microdot.Csrf;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Sse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that a proxy on this machine passes on. */
@Timeout(60)
class TrustedProxiesTest {
    private static final String EVENTS = "Accept: text/event-stream";
    private static final ServerOptions TRUSTED = new ServerOptions().trustedProxies("127.0.0.1");

    private static Microdot app() {
        return new Microdot()
                .beforeRequest(new Csrf())
                .get(
                        "/",
                        request ->
                                request.clientIp() + " " + request.scheme() + " " + request.host())
                .post("/", request -> "changed")
                .get(
                        "/events",
                        Sse.withSse(
                                (request, sse) -> {
                                    sse.send(request.clientIp());
                                    Thread.sleep(Long.MAX_VALUE);
                                }));
    }

    private static RawClient send(RawClient client, String line, String... fields)
            throws IOException {
        return client.send(
                line
                        + " HTTP/1.1\r\nHost: app.example\r\n"
                        + String.join("\r\n", fields)
                        + "\r\n\r\n");
    }

    @Test
    void eachRequestHasItsOwnClient() throws Exception {
        try (Served served = new Served(app(), TRUSTED, IoMode.best());
                RawClient proxy = served.client()) {
            String direct = send(proxy, "GET /", "Accept: */*").readText();
            assertEquals("127.0.0.1 http app.example", direct);
            assertEquals(
                    "203.0.113.7 https app.example",
                    send(
                                    proxy,
                                    "GET /",
                                    "X-Forwarded-For: 6.6.6.6",
                                    "X-Forwarded-For: 203.0.113.7",
                                    "X-Forwarded-Proto: https")
                            .readText());
            assertEquals(
                    "2001:db8:0:0:0:0:0:1 https shop.example",
                    send(
                                    proxy,
                                    "GET /",
                                    "Forwarded: for=6.6.6.6, for=\"[2001:db8::1]:5\";proto=https"
                                            + ";host=shop.example")
                            .readText());
        }
    }

    @Test
    void fieldsOfClientsAreIgnored() throws Exception {
        ServerOptions others = new ServerOptions().trustedProxies("192.0.2.0/24");
        for (ServerOptions options : new ServerOptions[] {new ServerOptions(), others}) {
            try (Served served = new Served(app(), options, IoMode.best());
                    RawClient client = served.client()) {
                assertEquals(
                        "127.0.0.1 http app.example",
                        send(
                                        client,
                                        "GET /",
                                        "X-Forwarded-For: 6.6.6.6",
                                        "X-Forwarded-Proto: https",
                                        "X-Forwarded-Host: evil.example",
                                        "Forwarded: for=6.6.6.6;proto=https;host=evil.example")
                                .readText());
            }
        }
    }

    @Test
    void thousandEntriesAreServedOrTooLong() throws Exception {
        try (Served served = new Served(app(), TRUSTED, IoMode.best());
                RawClient proxy = served.client()) {
            String many = "1.1.1.1,".repeat(1_000);
            assertEquals(
                    "203.0.113.7 http app.example",
                    send(proxy, "GET /", "X-Forwarded-For: " + many + "203.0.113.7").readText());
            String tooMany = "X-Forwarded-For: " + many.repeat(3);
            assertTrue(send(proxy, "GET /", tooMany).readHead().startsWith("HTTP/1.1 431 "));
        }
    }

    @Test
    void streamsCountForTheClientBehindTheProxy() throws Exception {
        ServerOptions options = TRUSTED.maxStreamsPerAddress(1);
        try (Served served = new Served(app(), options, IoMode.best());
                RawClient first = served.client();
                RawClient same = served.client();
                RawClient other = served.client();
                RawClient proxy = served.client();
                RawClient again = served.client()) {
            send(first, "GET /events", EVENTS, "X-Forwarded-For: 203.0.113.7")
                    .readTo("data: 203.0.113.7\n\n");
            send(same, "GET /events", EVENTS, "X-Forwarded-For: 203.0.113.7").readTo("retry: ");
            send(other, "GET /events", EVENTS, "X-Forwarded-For: 203.0.113.8")
                    .readTo("data: 203.0.113.8\n\n");
            // Streams of the proxy itself have no limit.
            send(proxy, "GET /events", EVENTS).readTo("data: 127.0.0.1\n\n");
            send(again, "GET /events", EVENTS).readTo("data: 127.0.0.1\n\n");
        }
    }

    @Test
    void requestsCountForTheClientBehindTheProxy() throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        Microdot app =
                app().get(
                                "/wait",
                                request -> {
                                    entered.countDown();
                                    release.await();
                                    return "waited";
                                });
        ServerOptions options = TRUSTED.maxRequestsPerAddress(1);
        try (Served served = new Served(app, options, IoMode.best());
                RawClient waits = served.client();
                RawClient same = served.client();
                RawClient other = served.client();
                RawClient proxy = served.client()) {
            send(waits, "GET /wait", "X-Forwarded-For: 203.0.113.7");
            entered.await();
            String head = send(same, "GET /", "X-Forwarded-For: 203.0.113.7").readHead();
            assertTrue(head.startsWith("HTTP/1.1 503 "), head);
            assertTrue(head.contains("\r\nRetry-After: "), head);
            same.readTo("Service Unavailable");
            send(same, "GET /events", "X-Forwarded-For: 203.0.113.7", EVENTS).readTo("retry: ");
            send(other, "GET /", "X-Forwarded-For: 203.0.113.8").readText();
            send(proxy, "GET /").readText(); // Requests of the proxy itself have no limit.
            release.countDown();
            assertEquals("waited", waits.readText());
            served.awaitIdle();
            head = send(proxy, "GET /", "X-Forwarded-For: 203.0.113.7").readHead();
            assertTrue(head.startsWith("HTTP/1.1 200 "), head);
        }
    }

    @Test
    void sameOriginIsThatOfTheProxy() throws Exception {
        try (Served served = new Served(app(), TRUSTED, IoMode.best());
                RawClient proxy = served.client()) {
            String host = "X-Forwarded-Host: shop.example";
            String length = "Content-Length: 0";
            send(proxy, "POST /", host, length, "Origin: https://shop.example");
            assertEquals("changed", proxy.readText());
            send(proxy, "POST /", host, length, "Origin: https://app.example");
            assertTrue(proxy.readHead().startsWith("HTTP/1.1 403 "));
        }
    }
}
