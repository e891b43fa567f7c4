package microdot.testing;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import microdot.Cookie;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client keeps between requests, and the time that a test lets pass. */
class CookiesAndTimeTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final Topics topics = new Topics();
    private final Microdot app =
            new Microdot()
                    .get("/login", request -> new Response().cookie("sid", "1").status(204))
                    .get("/logout", request -> new Response().deleteCookie("sid").status(204))
                    .get(
                            "/short",
                            request ->
                                    new Response()
                                            .cookie(Cookie.of("age", "1").maxAge(HOUR))
                                            .cookie(Cookie.of("at", "1").expires(inAnHour())))
                    .get(
                            "/sub/set",
                            request -> new Response().cookie(Cookie.of("sid", "2").path("/sub")))
                    .get("/cookies", request -> String.valueOf(request.header("Cookie")))
                    .get("/sub/cookies", request -> String.valueOf(request.header("Cookie")))
                    .get("/news", topics.stream("news"))
                    .get("/sleeps", withSse((request, sse) -> Thread.sleep(HOUR)))
                    .get(
                            "/expires",
                            withSse(
                                    (request, sse) -> {
                                        sse.closeAt(inAnHour());
                                        sse.send("hello");
                                        new CountDownLatch(1).await();
                                    }));

    private static Instant inAnHour() {
        return Instant.now().plus(HOUR);
    }

    private String cookies(TestClient client, String path) {
        return client.get(path).text();
    }

    @Test
    void clientKeepsCookiesUntilTheyAreDeleted() {
        try (var client = new TestClient(app)) {
            assertEquals("null", cookies(client, "/cookies"));
            client.get("/login");
            assertEquals("sid=1", cookies(client, "/cookies"));
            assertEquals("sid=1", cookies(client.header("X-A", "b"), "/cookies"));
            assertEquals("1", client.cookie("sid"));
            client.get("/logout");
            assertEquals("null", cookies(client, "/cookies"));
            assertNull(client.cookie("sid"));
            client.get("/login");
            client.clearCookies();
            assertEquals("null", cookies(client, "/cookies"));
        }
    }

    @Test
    void cookieIsSentBelowItsPathAndTheMostSpecificFirst() {
        try (var client = new TestClient(app)) {
            client.get("/login");
            client.get("/sub/set");
            assertEquals("sid=1", cookies(client, "/cookies"));
            assertEquals("sid=2; sid=1", cookies(client, "/sub/cookies"));
        }
    }

    @Test
    void cookieOfTheRequestReplacesTheKeptOne() {
        try (var client = new TestClient(app)) {
            client.get("/login");
            TestRequest request = client.request("GET", "/cookies").cookie("sid", "9");
            assertEquals("sid=9", request.send().text());
            request = client.request("GET", "/cookies").header("Cookie", "a=b");
            assertEquals("a=b", request.send().text());
        }
    }

    @Test
    void cookieExpiresWhenItsTimeHasPassed() {
        try (var client = new TestClient(app)) {
            client.get("/short");
            assertEquals("age=1; at=1", cookies(client, "/cookies"));
            client.advance(HOUR.plusSeconds(1));
            assertEquals("null", cookies(client, "/cookies"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Sun, 06 Nov 1994 08:49:37 GMT",
                "Sunday, 06-Nov-94 08:49:37 GMT",
                "Sun Nov  6 08:49:37 1994"
            })
    void cookieMayExpireInAnObsoleteForm(String date) {
        var dated = new Microdot();
        dated.get("/set", request -> new Response().header("Set-Cookie", "a=1"))
                .get("/end", request -> new Response().header("Set-Cookie", "a=2; Expires=" + date))
                .get("/cookies", request -> String.valueOf(request.header("Cookie")));
        try (var client = new TestClient(dated)) {
            client.get("/set");
            assertEquals("a=1", cookies(client, "/cookies"));
            client.get("/end");
            assertEquals("null", cookies(client, "/cookies"));
        }
    }

    @Test
    void quietStreamGetsTheHeartbeatsOfTheTimeThatPassed() {
        try (var client = new TestClient(app)) {
            TestStream stream = client.stream("/news");
            client.advance(Duration.ofSeconds(14));
            assertEquals(List.of(), stream.comments());
            client.advance(Duration.ofSeconds(1));
            assertEquals(1, stream.comments().size());
            client.advance(Duration.ofMinutes(1));
            assertEquals(5, stream.comments().size());
            stream.close();
        }
    }

    @Test
    void streamEndsAtItsTime() {
        try (var client = new TestClient(app)) {
            TestStream stream = client.stream("/expires");
            assertEquals("hello", stream.next().data());
            client.advance(Duration.ofMinutes(1));
            assertTrue(stream.isOpen());
            client.advance(HOUR);
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
            assertNotNull(stream.retry());
        }
    }

    @Test
    void streamEndsAtTheMaximumAgeOfTheOptions() {
        try (var client = new TestClient(app)) {
            var options = new ServerOptions().maxStreamAge(HOUR).heartbeat(Duration.ZERO);
            TestStream stream = client.serverOptions(options).stream("/news");
            client.advance(HOUR.minusSeconds(1));
            assertTrue(stream.isOpen());
            client.advance(Duration.ofSeconds(1));
            assertEquals("checkpoint", stream.next().event());
            assertEquals(StreamEnd.RETURNED, stream.awaitEnd());
            assertEquals(List.of(), stream.comments());
        }
    }

    @Test
    void timeDoesNotRunBackwards() {
        try (var client = new TestClient(app)) {
            assertThrows(
                    IllegalArgumentException.class, () -> client.advance(Duration.ofSeconds(-1)));
        }
    }

    /** With hours of patience: a close that waits would hang. */
    @Test
    void forgottenStreamFailsAtOnceAndSaysWhereItWasOpened() {
        for (String path : List.of("/news", "/sleeps")) {
            var client = new TestClient(app);
            TestStream stream = client.patience(HOUR).stream(path);
            awaitSleep(path, stream);
            var left = assertThrows(AssertionError.class, client::close);
            String message = String.valueOf(left.getMessage());
            assertTrue(message.startsWith("GET " + path + " is still open, opened at "), message);
            assertTrue(message.contains("CookiesAndTimeTest.java:"), message);
            assertFalse(stream.isOpen());
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // Nothing signals that a thread sleeps.
    private static void awaitSleep(String path, TestStream stream) {
        while (path.equals("/sleeps") && !stream.isAsleep()) {
            Thread.yield();
        }
    }
}
