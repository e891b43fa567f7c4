package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MicrodotTest {
    private final Microdot app = new Microdot();

    record Point(int x, int y) {}

    private Response call(String method, String target, String... headers) {
        return call(method, target, "", headers);
    }

    private Response call(String method, String target, String body, String[] headers) {
        var fields = new Headers();
        for (int i = 0; i < headers.length; i += 2) {
            fields.add(headers[i], headers[i + 1]);
        }
        var client = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        return app.handle(
                new Request(
                        method,
                        target,
                        fields,
                        body.getBytes(StandardCharsets.UTF_8),
                        client,
                        "http"));
    }

    private static String text(Response response) {
        return response.body() instanceof Body.Bytes bytes
                ? new String(bytes.bytes(), StandardCharsets.UTF_8)
                : "";
    }

    @ParameterizedTest
    @CsvSource({
        "/fixed, fixed",
        "/users/7, int 7",
        "/users/-7, int -7",
        "/users/x7, any x7",
        "/users/99999999999, any 99999999999",
        "/users/a%2Fb, any a/b",
        "/files/a/b.txt, path a/b.txt",
        "/files/, path ''",
        "/users/+, any +",
    })
    void pathsMatch(String target, String expected) {
        app.get("/fixed", request -> "fixed")
                .get("/users/{id:int}", request -> "int " + request.intParam("id"))
                .get("/users/{id}", request -> "any " + request.param("id"))
                .get("/files/{rest:path}", request -> "path " + request.param("rest"));
        assertEquals(expected.replace("''", ""), text(call("GET", target)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no-slash",
                "/{}",
                "/{a:float}",
                "/{a}/{a}",
                "/{a:path}/b",
                "/x{a}",
                "/{a b}"
            })
    void malformedPathsAreRefused(String path) {
        assertThrows(IllegalArgumentException.class, () -> app.get(path, request -> "never"));
    }

    @Test
    void unknownPathsAndMethods() {
        app.get("/a", request -> "a").post("/a", request -> "posted");
        assertEquals(404, call("GET", "/b").status());
        assertEquals(405, call("DELETE", "/a").status());
        assertEquals("GET, HEAD, OPTIONS, POST", call("DELETE", "/a").headers().get("Allow"));
        assertEquals("GET, HEAD, OPTIONS, POST", call("OPTIONS", "/a").headers().get("Allow"));
        assertEquals(200, call("HEAD", "/a").status());
    }

    @Test
    void answersOfEveryKind() {
        app.get("/text", request -> "t")
                .get("/map", request -> Map.of("a", 1))
                .get("/list", request -> List.of(1, 2))
                .get("/record", request -> new Point(1, 2))
                .get("/array", request -> new int[] {3})
                .get("/status", request -> 401)
                .get("/bytes", request -> new byte[] {65})
                .get("/null", request -> null)
                .get("/odd", request -> new Object());
        assertEquals("t", text(call("GET", "/text")));
        assertEquals("{\"a\":1}", text(call("GET", "/map")));
        assertEquals("[1,2]", text(call("GET", "/list")));
        assertEquals("{\"x\":1,\"y\":2}", text(call("GET", "/record")));
        assertEquals("[3]", text(call("GET", "/array")));
        assertEquals(401, call("GET", "/status").status());
        assertEquals("A", text(call("GET", "/bytes")));
        assertEquals(204, call("GET", "/null").status());
        assertEquals(500, call("GET", "/odd").status());
    }

    @Test
    void hooksRunAroundHandlersAndMountedOnesInside() {
        var order = new ArrayList<String>();
        var inner = new Microdot();
        inner.beforeRequest(request -> order.add("inner before") ? null : 0)
                .afterRequest((request, response) -> order.add("inner after"));
        inner.get("/", request -> "root")
                .get("/x/{y}", request -> request.param("tenant") + request.param("y"));
        app.beforeRequest(
                        request -> {
                            order.add("before");
                            return request.query("stop") == null ? null : Integer.valueOf(403);
                        })
                .afterRequest((request, response) -> order.add("after"))
                .mount("/in/{tenant}", inner);
        assertEquals("ab", text(call("GET", "/in/a/x/b")));
        assertEquals(List.of("before", "inner before", "inner after", "after"), order);
        assertEquals("root", text(call("GET", "/in/a")));
        assertEquals("root", text(call("GET", "/in/a/")));
        assertEquals(403, call("GET", "/in/a?stop=1").status());
    }

    @Test
    void errorsFindTheirNearestHandler() {
        app.get(
                        "/io",
                        request -> {
                            throw new java.io.FileNotFoundException("f");
                        })
                .get(
                        "/http",
                        request -> {
                            throw new HttpException(403, "no");
                        })
                .get(
                        "/other",
                        request -> {
                            throw new IllegalStateException("secret");
                        })
                .errorHandler(
                        java.io.IOException.class, (request, error) -> "io " + error.getMessage())
                .errorHandler(403, request -> "forbidden")
                .errorHandler(404, request -> Response.text("nothing").status(410));
        assertEquals("io f", text(call("GET", "/io")));
        assertEquals(500, call("GET", "/io").status());
        assertEquals("forbidden", text(call("GET", "/http")));
        assertEquals(403, call("GET", "/http").status());
        assertEquals(410, call("GET", "/none").status());
        assertEquals("Internal Server Error", text(call("GET", "/other")));
    }

    @Test
    void requestsAreReadCarefully() {
        app.get(
                "/q",
                request -> request.queries("a") + request.query("b", "none") + request.cookie("c"));
        app.post("/form", request -> String.valueOf(request.form("name")));
        app.post("/json", request -> request.json(Point.class));
        assertEquals(
                "[1, 2 3]nonesweet", text(call("GET", "/q?a=1&a=2+3", "Cookie", "d=1; c=sweet")));
        assertEquals(400, call("GET", "/q?a=%z").status());
        String[] form = {"Content-Type", "application/x-www-form-urlencoded"};
        assertEquals("Zoë B", text(call("POST", "/form", "name=Zo%C3%AB+B", form)));
        assertEquals(415, call("POST", "/form", "name=x", new String[0]).status());
        assertEquals(
                "{\"x\":1,\"y\":2}",
                text(call("POST", "/json", "{\"x\":1,\"y\":2}", new String[0])));
        assertEquals(400, call("POST", "/json", "{\"x\":", new String[0]).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\rb", "a\nb", "a\0b", "a\u0007"})
    void headersRefuseWhatWouldBreakTheHead(String value) {
        var refused =
                assertThrows(
                        IllegalArgumentException.class, () -> new Response().header("X", value));
        assertTrue(
                String.valueOf(refused.getMessage()).contains("(expected: no CR, LF, NUL"),
                refused.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Response().header(value, "x"));
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("c", value));
    }

    @Test
    void resourcesDoNotLeaveTheirFolder() {
        app.get(
                "/r/{rest:path}",
                request -> Response.resource(MicrodotTest.class, "/wire", request.param("rest")));
        assertEquals(200, call("GET", "/r/README.md").status());
        for (String path :
                List.of(
                        "../microdot/Microdot.class",
                        "%2e%2e/microdot/Microdot.class",
                        "a/../../x",
                        "none",
                        "c:/x")) {
            assertEquals(404, call("GET", "/r/" + path).status(), path);
        }
        String tag = String.valueOf(call("GET", "/r/README.md").headers().get("ETag"));
        assertEquals(304, call("GET", "/r/README.md", "If-None-Match", tag).status());
        assertEquals(206, call("GET", "/r/README.md", "Range", "bytes=0-4").status());
        assertEquals(5, text(call("GET", "/r/README.md", "Range", "bytes=-5")).length());
        assertEquals(416, call("GET", "/r/README.md", "Range", "bytes=99999999-").status());
        assertEquals(200, call("GET", "/r/README.md", "Range", "bytes=0-1,3-4").status());
    }
}
