package microdot.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static microdot.Microdot.maxBody;
import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStreamWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import microdot.Cookie;
import microdot.Cors;
import microdot.Csrf;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/guide/from-python.md says about the cases that the Python original tests. */
class PythonCasesTest {
    private final Microdot app = new Microdot();
    private final TestClient client = new TestClient(app);

    private String get(String target) {
        return client.get(target).toString();
    }

    // ---- Routes ----

    @Test
    void eachMethodHasItsRoute() {
        app.get("/", r -> "GET").post("/", r -> "POST").put("/", r -> "PUT");
        app.patch("/", r -> "PATCH").delete("/", r -> "DELETE");
        for (String method : List.of("GET", "POST", "PUT", "PATCH", "DELETE")) {
            assertEquals(method, client.request(method, "/").send().text());
        }
        assertEquals("200 ", client.head("/").toString());
        assertEquals(
                "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
                client.options("/").header("Allow"));
    }

    @Test
    void pathsMatchAsThere() {
        app.get("/foo//bar/", r -> "slashes");
        app.get("/users/{id:int}", r -> "id " + r.intParam("id"));
        app.get("/hex/{id:[0-9a-f]+}", r -> "hex " + r.param("id"));
        app.get("/{a}/is/{b}", r -> r.param("a") + r.param("b"));
        app.pathType("word", "[a-z]+").get("/w/{w:word}", r -> "word " + r.param("w"));
        app.get("/files/{p:path}", r -> "path " + r.param("p"));
        assertEquals("200 slashes", get("/foo//bar/"));
        assertEquals(404, client.get("/foo/bar/").status());
        assertEquals("200 id -7", get("/users/-7"));
        assertEquals(404, client.get("/users/7a").status());
        assertEquals("200 hex a1", get("/hex/a1"));
        assertEquals("200 xy", get("/x/is/y"));
        assertEquals("200 word ab", get("/w/ab"));
        assertEquals("200 path a/b/", get("/files/a/b/"));
        assertEquals("200 path ", get("/files/")); // There no match.
        assertThrows(
                IllegalArgumentException.class, () -> app.get("/{p:path}/x", r -> "in the middle"));
        assertThrows(IllegalArgumentException.class, () -> app.get("/<bad:id>/x", r -> "bad"));
    }

    // ---- Requests ----

    @Test
    void requestHasHeadersCookiesAndArguments() {
        app.get(
                "/",
                r ->
                        r.header("x-a")
                                + r.cookie("c")
                                + r.queries("q")
                                + r.query("none", "-")
                                + r.header("Host"));
        TestRequest request = client.request("GET", "/?q=1&q=a+b%20c").header("X-A", "h");
        assertEquals("hv[1, a b c]-localhost", request.cookie("c", "v").send().text());
    }

    @Test
    void bodyIsBytesTextJsonFormOrStream() {
        app.post("/bytes", r -> r.body());
        app.post("/json", r -> r.json(Map.class).get("a"));
        app.post("/form", r -> r.form("a") + r.form().get("b"));
        app.post("/stream", r -> new String(r.stream().readAllBytes(), UTF_8));
        assertArrayEquals(new byte[] {1, 2}, client.post("/bytes", new byte[] {1, 2}).bytes());
        assertEquals("x", client.post("/json", Map.of("a", "x")).text());
        TestRequest form = client.request("POST", "/form").form("a", "ä").form("b", "1");
        assertEquals("ä[1, 2]", form.form("b", "2").send().text());
        assertEquals("abc", client.post("/stream", "abc").text());
        assertEquals(415, client.post("/form", "a=1").status()); // There null.
    }

    @Test
    void largeBodyIs413AndItsHandlerAnswers() {
        app.post("/", maxBody(3, r -> r.text()));
        assertEquals(413, client.post("/", "abcd").status());
        app.errorHandler(413, r -> Response.text("too much"));
        assertEquals("413 too much", client.post("/", "abcd").toString());
    }

    @Test
    void formWithFilesHasParts(@TempDir Path folder) throws Exception {
        app.post(
                "/",
                r -> {
                    for (var part : r.parts()) {
                        if (part.fileName() != null) {
                            part.saveTo(folder.resolve(part.fileName()));
                        }
                    }
                    return r.parts().getFirst().text();
                });
        TestRequest request = client.request("POST", "/").part("name", "joe");
        assertEquals(
                "joe",
                request.file("f", "f.txt", "text/plain", "hi".getBytes(UTF_8)).send().text());
        assertEquals("hi", Files.readString(folder.resolve("f.txt")));
        assertEquals(415, client.post("/", "no form").status());
    }

    // ---- Responses ----

    @Test
    void returnValuesBecomeResponses() {
        app.get("/text", r -> "text").get("/json", r -> Map.of("a", List.of(1)));
        app.get("/bytes", r -> new byte[] {1}).get("/none", r -> null).get("/status", r -> 202);
        app.get("/all", r -> Response.of("no", 404, Map.of("X-A", "b")));
        app.get("/chunks", r -> Response.stream(List.of("a", "b").iterator()));
        app.get("/number", r -> 23.7);
        assertEquals("text/plain; charset=UTF-8", client.get("/text").header("Content-Type"));
        assertEquals("{\"a\":[1]}", client.get("/json").text());
        assertEquals("application/json", client.get("/json").header("Content-Type"));
        assertArrayEquals(new byte[] {1}, client.get("/bytes").bytes());
        assertEquals(204, client.get("/none").status());
        assertEquals(202, client.get("/status").status());
        assertEquals("404 no", get("/all"));
        assertEquals("b", client.get("/all").header("X-A"));
        assertEquals("200 ab", get("/chunks"));
        assertEquals(500, client.get("/number").status()); // There "23.7".
    }

    @Test
    void writerOfABodyIsClosedByTheHandler() {
        app.get(
                "/",
                r ->
                        Response.stream(
                                out -> {
                                    try (var text = new OutputStreamWriter(out, UTF_8)) {
                                        text.write("all of it");
                                    }
                                }));
        assertEquals("200 all of it", get("/"));
        app.get(
                "/fails",
                r ->
                        Response.stream(
                                out -> {
                                    throw new IllegalStateException("broken");
                                }));
        assertThrows(AssertionError.class, () -> client.get("/fails"));
    }

    @Test
    void cookiesAndRedirectsAreChecked() {
        Cookie cookie = Cookie.of("a", "1").path("/x").maxAge(Duration.ofSeconds(9)).httpOnly(true);
        app.get("/", r -> Response.redirect("/foo").cookie(cookie).deleteCookie("b"));
        TestResponse answer = client.get("/");
        assertEquals("/foo", answer.header("Location"));
        assertTrue(
                answer.headers()
                        .all("Set-Cookie")
                        .getFirst()
                        .startsWith("a=1; Path=/x; Max-Age=9"));
        assertTrue(answer.headers().all("Set-Cookie").getLast().contains("Max-Age=0"));
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a", "1\r\nSet-Cookie: b=2"));
        assertThrows(IllegalArgumentException.class, () -> Response.redirect("/a\r\n\r\n<p>"));
    }

    @Test
    void filesHaveTypeAgeAndCompressedForm(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("a.txt"), "plain");
        Files.writeString(folder.resolve("a.txt.gz"), "compressed");
        app.get(
                "/{p:path}",
                r -> Response.file(folder, r.param("p")).cacheControl(Duration.ofHours(1)));
        TestResponse answer = client.get("/a.txt");
        assertEquals("200 plain", answer.toString());
        assertEquals("text/plain; charset=UTF-8", answer.header("Content-Type"));
        assertEquals("max-age=3600", answer.header("Cache-Control"));
        answer = client.request("GET", "/a.txt").header("Accept-Encoding", "gzip").send();
        assertEquals("gzip", answer.header("Content-Encoding"));
        assertEquals("200 compressed", answer.toString());
    }

    // ---- Hooks and errors ----

    @Test
    void hooksRunBeforeAndAfterAlsoOfErrors() {
        app.beforeRequest(r -> r.query("stop") == null ? null : "stopped");
        app.afterRequest((r, response) -> response.header("X-After", "yes"));
        app.get("/", r -> "ok");
        assertEquals("200 ok", get("/"));
        assertEquals("200 stopped", get("/?stop=1"));
        assertEquals("yes", client.get("/none").header("X-After"));
    }

    @Test
    void errorHandlersAnswerByStatusAndByNearestClass() {
        app.get("/400", r -> r.json(Map.class)).get("/500", r -> 1 / zero());
        app.get("/abort", r -> abort()).get("/class", r -> List.of().getFirst());
        assertEquals(400, client.get("/400").status());
        assertEquals(404, client.get("/none").status());
        assertEquals(405, client.post("/400").status());
        assertEquals(500, client.get("/500").status());
        assertEquals("406 no", get("/abort"));
        for (int status : List.of(400, 404, 405, 406, 500)) {
            app.errorHandler(status, r -> "handler of " + status);
        }
        app.errorHandler(RuntimeException.class, (r, e) -> Response.text("runtime").status(501));
        app.errorHandler(ArithmeticException.class, (r, e) -> Response.text("nearest").status(501));
        assertEquals("400 handler of 400", get("/400"));
        assertEquals("404 handler of 404", get("/none"));
        assertEquals("405 handler of 405", client.post("/400").toString());
        assertEquals("406 handler of 406", get("/abort"));
        assertEquals("501 nearest", get("/500"));
        assertEquals("501 runtime", get("/class"));
    }

    private static int zero() {
        return 0;
    }

    private static Object abort() {
        throw new HttpException(406, "no");
    }

    @Test
    void mountedApplicationKeepsItsHooksAndErrorHandlers() {
        var inner = new Microdot().get("/app", r -> r.g().get("who")).get("/", r -> "root");
        inner.beforeRequest(
                r -> r.g().put("who", r.g().get("who") + " inner") == null ? 500 : null);
        inner.errorHandler(404, r -> "inner 404");
        var between = new Microdot().mount("/inner", inner);
        app.beforeRequest(
                r -> {
                    r.g().put("who", "outer");
                    return null;
                });
        app.mount("/between", between);
        assertEquals("200 outer inner", get("/between/inner/app"));
        assertEquals("200 root", get("/between/inner"));
        assertEquals("404 inner 404", get("/between/inner/none"));
        assertEquals("404 Not Found", get("/none"));
    }

    // ---- Event streams ----

    @Test
    void eventsHaveNameIdRetryAndComments() {
        var end = new CountDownLatch(1);
        app.get(
                "/",
                withSse(
                        (r, sse) -> {
                            sse.send("foo");
                            sse.send("bar", "test", "id42");
                            sse.send(Event.of("bar").retry(Duration.ofMillis(2500)));
                            sse.send(Map.of("foo", "bar"));
                            sse.send(List.of(42, "foo"));
                            sse.send("foo".getBytes(UTF_8));
                            sse.comment("ping");
                            sse.send(new IllegalStateException("foo"));
                            end.await();
                        }));
        TestStream stream = client.stream("/");
        assertEquals("text/event-stream", stream.header("Content-Type"));
        assertEquals("foo", stream.next().data());
        assertEquals(Event.of("bar").event("test").id("id42"), stream.next());
        assertEquals("bar", stream.next().data());
        assertEquals("{\"foo\":\"bar\"}", stream.next().data());
        assertEquals("[42,\"foo\"]", stream.next().data());
        assertEquals("foo", stream.next().data());
        assertEquals("java.lang.IllegalStateException: foo", stream.next().data());
        assertEquals(Duration.ofMillis(2500), stream.retry());
        assertEquals(List.of("ping"), stream.comments());
        stream.close();
    }

    @Test
    void exceptionOfAStreamAbortsIt() {
        app.get(
                "/",
                withSse(
                        (r, sse) -> {
                            sse.send("foo");
                            throw new IllegalStateException("broken");
                        }));
        TestStream stream = client.stream("/");
        assertEquals("foo", stream.next().data());
        assertEquals(StreamEnd.ABORTED, stream.awaitEnd());
    }

    // ---- Pages of other origins ----

    @Test
    void corsAndCsrfGuardAsThere() {
        app.cors(new Cors().origins("https://a.example")).beforeRequest(new Csrf());
        app.post("/", r -> "ok").get("/", r -> "ok");
        TestRequest allowed = client.request("GET", "/").header("Origin", "https://a.example");
        assertEquals("https://a.example", allowed.send().header("Access-Control-Allow-Origin"));
        TestRequest other = client.request("GET", "/").header("Origin", "https://b.example");
        assertNull(other.send().header("Access-Control-Allow-Origin"));
        assertEquals(200, client.post("/").status());
        TestRequest post = client.request("POST", "/").header("Sec-Fetch-Site", "cross-site");
        assertEquals(403, post.send().status());
    }
}
