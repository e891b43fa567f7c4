package microdot.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import microdot.HttpException;
import microdot.JsonCodec;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.sse.Sse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class TestClientTest {
    private static Map<String, String> seen(Request request) {
        return Map.of(
                "method", request.method(),
                "type", String.valueOf(request.header("Content-Type")),
                "text", request.text());
    }

    private final Microdot app =
            new Microdot()
                    .get("/hello", request -> "hi " + request.query("name") + request.header("X-A"))
                    .route("/seen", TestClientTest::seen, "POST", "PUT", "PATCH", "DELETE")
                    .post("/echo", request -> request.json(Map.class))
                    .post("/form", request -> request.form())
                    .get("/cookies", request -> request.cookies())
                    .get("/events", Sse.withSse((request, sse) -> sse.send("x")));
    private final TestClient client = new TestClient(app);

    @Test
    void targetAndHeadersReachTheHandler() {
        assertEquals("hi Zoënull", client.get("/hello?name=Zo%C3%AB").text());
        assertEquals("hi nullb", client.header("X-A", "b").get("/hello").text());
        assertEquals("hi nullnull", client.get("/hello").text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE"})
    void methodsOfTheClientSendTheirMethod(String method) {
        TestResponse answer =
                switch (method) {
                    case "POST" -> client.post("/seen", "body");
                    case "PUT" -> client.put("/seen", "body");
                    case "PATCH" -> client.patch("/seen", "body");
                    default -> client.delete("/seen");
                };
        assertEquals(method, answer.json(Map.class).get("method"));
    }

    @Test
    void headHasNoBodyAndOptionsListsTheMethods() {
        assertEquals("", client.head("/hello").text());
        assertEquals("text/plain; charset=UTF-8", client.head("/hello").header("Content-Type"));
        assertEquals("GET, HEAD, OPTIONS", client.options("/hello").header("Allow"));
    }

    @Test
    void uploadReachesTheHandlerInParts() {
        app.post(
                "/upload",
                Microdot.maxBody(
                        1000,
                        request ->
                                request.parts().stream()
                                        .map(part -> part + "=" + part.text())
                                        .toList()));
        byte[] meow = "meow\r\n".getBytes(UTF_8);
        TestRequest upload =
                client.request("POST", "/upload")
                        .part("title", "Zoë")
                        .file("photo", "a/\"名\".txt", "text/plain", meow);
        assertEquals(
                List.of("title=Zoë", "photo \"%22名%22.txt\"=meow\r\n"),
                upload.send().json(List.class));
        assertEquals(413, upload.part("large", "x".repeat(1000)).send().status());
    }

    @Test
    void bodySetsItsContentType() {
        assertEquals(
                Map.of("method", "POST", "type", "text/plain; charset=UTF-8", "text", "ä"),
                client.post("/seen", "ä").json(Map.class));
        assertEquals(
                Map.of("method", "POST", "type", "application/json", "text", "[1,2]"),
                client.post("/seen", List.of(1, 2)).json(Map.class));
        assertEquals(
                Map.of("method", "POST", "type", "null", "text", "raw"),
                client.post("/seen", "raw".getBytes(UTF_8)).json(Map.class));
        assertEquals("", client.post("/seen").json(Map.class).get("text"));
        assertEquals(Map.of("a", 1), client.post("/echo", Map.of("a", 1)).json(Map.class));
        assertEquals(400, client.post("/echo", "{").status());
    }

    @Test
    void contentTypeSetByTheTestStays() {
        TestRequest request = client.request("POST", "/seen");
        Map<?, ?> seen =
                request.header("Content-Type", "a/b").json(List.of()).send().json(Map.class);
        assertEquals("a/b", seen.get("type"));
    }

    @Test
    void formCookieAndQueryAreEncoded() {
        TestRequest form = client.request("POST", "/form").form("a", "ä&=+ ").form("a", "2");
        assertEquals(Map.of("a", List.of("ä&=+ ", "2")), form.send().json(Map.class));
        TestRequest cookies = client.request("GET", "/cookies").cookie("a", "1").cookie("b", "2");
        assertEquals(Map.of("a", "1", "b", "2"), cookies.send().json(Map.class));
        TestRequest query = client.request("GET", "/hello?x=1").query("name", "a&b c+d");
        assertEquals("hi a&b c+dnull", query.send().text());
    }

    @Test
    void requestCanBeSentTwice() {
        TestRequest request = client.request("GET", "/hello").header("X-A", "1");
        assertEquals("hi null1", request.send().text());
        assertEquals("hi null2", request.header("X-A", "2").send().text());
    }

    @Test
    void handlerRunsOnItsOwnVirtualThread() {
        app.get("/thread", request -> String.valueOf(Thread.currentThread().threadId()));
        app.get("/virtual", request -> String.valueOf(Thread.currentThread().isVirtual()));
        assertNotEquals(client.get("/thread").text(), client.get("/thread").text());
        assertEquals("true", client.get("/virtual").text());
    }

    @Test
    void malformedTargetIsRejectedAsByAServer() {
        assertEquals(400, client.get("/%zz").status());
        assertEquals(400, client.get("no-slash").status());
    }

    @Test
    void statusWithoutABodyHasNone() {
        app.get("/none", request -> Response.text("lost").status(204));
        assertArrayEquals(new byte[0], client.get("/none").bytes());
        assertNull(client.get("/hello").header("X-Absent"));
    }

    @Test
    void fileAndItsRangesAreRead(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("a.txt"), "0123456789");
        app.get("/file", request -> Response.file(file));
        assertEquals("0123456789", client.get("/file").text());
        TestResponse part = client.header("Range", "bytes=2-4").get("/file");
        assertEquals("206 234", part.toString());
    }

    @Test
    void jsonUsesTheCodecOfTheApplication() {
        app.jsonCodec(
                new JsonCodec() {
                    @Override
                    public byte[] encode(Object value) {
                        return "own".getBytes(UTF_8);
                    }

                    @Override
                    public <T> T decode(byte[] json, Class<T> type) {
                        return type.cast("read " + new String(json, UTF_8));
                    }
                });
        app.post("/own", request -> Response.text(request.json(String.class)));
        TestResponse answer = client.post("/own", List.of());
        assertEquals("read own", answer.text());
        assertEquals("read read own", answer.json(String.class));
    }

    @Test
    void sendOfAStreamFails() {
        AssertionError error = assertThrows(AssertionError.class, () -> client.get("/events"));
        assertEquals(
                "GET /events answers with a stream (expected: a call of stream)",
                error.getMessage());
        assertEquals(200, client.head("/events").status());
    }

    @Test
    void rejectedStreamFailsWithItsStatusAndText() {
        app.get(
                "/guarded",
                request -> {
                    throw new HttpException(403, "not yours");
                });
        AssertionError error = assertThrows(AssertionError.class, () -> client.stream("/guarded"));
        assertEquals("GET /guarded answers 403 not yours (expected: a stream)", error.getMessage());
    }

    @Test
    void handlerWithoutAResponseIsNamedAndInterrupted() throws Exception {
        var interrupted = new CountDownLatch(1);
        var never = new Semaphore(0);
        app.get(
                "/hangs",
                request -> {
                    try {
                        never.acquire();
                    } finally {
                        interrupted.countDown();
                    }
                    return "";
                });
        TestClient hasty = client.patience(Duration.ofMillis(50));
        AssertionError error = assertThrows(AssertionError.class, () -> hasty.get("/hangs"));
        assertTrue(
                String.valueOf(error.getMessage()).startsWith("GET /hangs has no response after"),
                error.getMessage());
        interrupted.await();
    }
}
