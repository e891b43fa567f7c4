package microdot;

import static microdot.Calls.answer;
import static microdot.Calls.call;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HooksTest {
    private final List<String> ran = new ArrayList<>();
    private final Microdot app = new Microdot();

    private Handler before(String name) {
        return request -> {
            ran.add(name);
            return null;
        };
    }

    private AfterRequest after(String name) {
        return (request, response) -> ran.add(name);
    }

    @Test
    void typeOfTextIsThatOfTheInnermostApplication() {
        var inner = new Microdot().get("/", request -> "in").textType("text/csv");
        var plain = new Microdot().get("/", request -> "in");
        var outer =
                new Microdot()
                        .get("/", request -> "out")
                        .get("/own", request -> Response.text("own"))
                        .get("/json", request -> List.of())
                        .textType("text/html")
                        .mount("/inner", inner)
                        .mount("/plain", plain);
        assertEquals("text/html; charset=UTF-8", type(outer, "/"));
        assertEquals("text/csv; charset=UTF-8", type(outer, "/inner/"));
        assertEquals("text/html; charset=UTF-8", type(outer, "/plain/"));
        assertEquals("text/plain; charset=UTF-8", type(outer, "/own"));
        assertEquals("application/json", type(outer, "/json"));
        for (String wrong : List.of("html", "text/html; charset=x", "", "a/b/c", "a/b\r\nc")) {
            assertThrows(IllegalArgumentException.class, () -> outer.textType(wrong), wrong);
        }
    }

    private static String type(Microdot app, String path) {
        var client = new InetSocketAddress(9);
        var request = new Request("GET", path, new Headers(), new byte[0], client, "http");
        return String.valueOf(app.route(request).run().headers().get("Content-Type"));
    }

    @Test
    void beforeHooksRunOutermostFirstAndAfterHooksLast() {
        var inner = new Microdot().beforeRequest(before("inner before"));
        inner.afterRequest(after("inner after"));
        inner.get("/x", request -> ran.add("handler") ? "x" : "");
        app.beforeRequest(before("before 1")).beforeRequest(before("before 2"));
        app.afterRequest(after("after 1")).afterRequest(after("after 2"));
        app.mount("/in", inner);
        assertEquals("200 x", answer(app, "/in/x"));
        assertEquals(
                List.of(
                        "before 1",
                        "before 2",
                        "inner before",
                        "handler",
                        "inner after",
                        "after 1",
                        "after 2"),
                ran);
    }

    @Test
    void hooksOfMountedApplicationApplyToItsRoutesOnly() {
        app.mount("/in", new Microdot().beforeRequest(before("inner")));
        app.get("/out", request -> "out");
        assertEquals("200 out", answer(app, "/out"));
        assertEquals(List.of(), ran);
    }

    @Test
    void valueReturnedByBeforeHookIsTheResponse() {
        app.beforeRequest(request -> request.query("key") == null ? 401 : null);
        app.beforeRequest(before("second")).afterRequest(after("after"));
        app.get("/x", request -> ran.add("handler") ? "x" : "");
        assertEquals("401 Unauthorized", answer(app, "/x"));
        assertEquals(List.of("after"), ran);
        assertEquals("200 x", answer(app, "/x?key"));
    }

    @Test
    void valuesInGReachOnlyTheHandlerOfThatRequest() {
        app.beforeRequest(
                request -> {
                    request.g().putIfAbsent("user", String.valueOf(request.query("u")));
                    return null;
                });
        app.get("/", request -> String.valueOf(request.g().get("user")));
        assertEquals("200 ann", answer(app, "/?u=ann"));
        assertEquals("200 bob", answer(app, "/?u=bob"));
    }

    @Test
    void hooksSeeRequestsWithoutARoute() {
        app.beforeRequest(before("before")).afterRequest(after("after"));
        app.get("/x", request -> "");
        assertEquals("404 Not Found", answer(app, "/y"));
        assertEquals("405 Method Not Allowed", answer(app, "POST", "/x"));
        assertEquals("204 ", answer(app, "OPTIONS", "/x"));
        assertEquals(List.of("before", "after", "before", "after", "before", "after"), ran);
    }

    @Test
    void guardOfAMountedApplicationGuardsEverythingBelowItsPrefix() {
        var admin = new Microdot().beforeRequest(request -> 401).get("/users", request -> "users");
        admin.afterRequest((request, response) -> response.header("X-Admin", "1"));
        app.mount("/admin", admin).get("/open", request -> "open");
        for (String path : List.of("/admin", "/admin/users", "/admin/none", "/admin/a/b")) {
            for (String method : List.of("GET", "POST", "OPTIONS")) {
                Response response = call(app, method, path);
                assertEquals(401, response.status(), method + " " + path);
                assertEquals("1", response.headers().get("X-Admin"), method + " " + path);
            }
        }
        assertEquals("404 Not Found", answer(app, "/administration"));
        assertNull(call(app, "/none").headers().get("X-Admin"));
    }

    @Test
    void hookGetsTheParamsOfThePrefixAlsoWithoutARoute() {
        var room = new Microdot().get("/events", request -> "");
        room.beforeRequest(
                request -> {
                    ran.add(request.param("room"));
                    return null;
                });
        app.mount("/rooms/{room}", room);
        call(app, "/rooms/red/none");
        call(app, "POST", "/rooms/blue/events");
        assertEquals(List.of("red", "blue"), ran);
    }

    @Test
    void applicationThatHasThePathSeesTheRequestWithAnotherMethod() {
        app.mount("/api", new Microdot().beforeRequest(before("first")));
        app.mount("/api", new Microdot().beforeRequest(before("second")).get("/x", r -> ""));
        assertEquals("405 Method Not Allowed", answer(app, "POST", "/api/x"));
        assertEquals(List.of("second"), ran);
        assertEquals("404 Not Found", answer(app, "/api/y"));
        assertEquals(List.of("second", "first"), ran);
    }

    @Test
    void afterHooksCanChangeErrorResponses() {
        app.afterRequest((request, response) -> response.header("X-After", "1"));
        app.get("/fails", request -> call(app, "/fails?" + 1 / Integer.parseInt("0")));
        assertEquals("1", call(app, "/fails").headers().get("X-After"));
        assertEquals("1", call(app, "/none").headers().get("X-After"));
    }

    @Test
    void failingAfterHookIsAnsweredWith500WithoutItsMessage() {
        app.afterRequest(
                (request, response) -> {
                    throw new IllegalStateException("secret");
                });
        app.get("/x", request -> Response.text("x").header("X-Lost", "1"));
        Response response = call(app, "/x");
        assertEquals("500 Internal Server Error", answer(app, "/x"));
        assertNull(response.headers().get("X-Lost"));
    }
}
