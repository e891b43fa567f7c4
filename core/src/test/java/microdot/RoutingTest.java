package microdot;

import static microdot.Calls.answer;
import static microdot.Calls.call;
import static microdot.Calls.request;
import static microdot.Calls.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class RoutingTest {
    private final Microdot app = new Microdot();

    @Test
    void methodSelectsTheRoute() {
        app.get("/x", request -> "get").post("/x", request -> "post").put("/x", request -> "put");
        app.patch("/x", request -> "patch").delete("/x", request -> "delete");
        app.route("/x", request -> "other", "report", "PURGE");
        assertEquals("200 get", answer(app, "GET", "/x"));
        assertEquals("200 post", answer(app, "POST", "/x"));
        assertEquals("200 put", answer(app, "PUT", "/x"));
        assertEquals("200 patch", answer(app, "PATCH", "/x"));
        assertEquals("200 delete", answer(app, "DELETE", "/x"));
        assertEquals("200 other", answer(app, "REPORT", "/x"));
        assertEquals("200 other", answer(app, "PURGE", "/x"));
    }

    @Test
    void firstMatchingRouteAnswers() {
        app.get("/{any}", request -> "any").get("/fixed", request -> "fixed");
        assertEquals("200 any", answer(app, "/fixed"));
        var other = new Microdot().get("/{n:int}", request -> "int " + request.intParam("n"));
        other.get("/{any}", request -> "any " + request.param("any"));
        other.get("/{rest:path}", request -> "rest " + request.param("rest"));
        assertEquals("200 int 7", answer(other, "/7"));
        assertEquals("200 any 2147483648", answer(other, "/2147483648"));
        assertEquals("200 rest a/b", answer(other, "/a/b"));
    }

    @Test
    void routeOfAnotherMethodDoesNotHideALaterRoute() {
        app.post("/{any}", request -> "post").get("/fixed", request -> "get");
        assertEquals("200 get", answer(app, "/fixed"));
    }

    @Test
    void unknownPathIsAnsweredWith404() {
        app.get("/x", request -> "");
        assertEquals("404 Not Found", answer(app, "/y"));
        assertEquals("404 Not Found", answer(app, "OPTIONS", "/y"));
        assertEquals("404 Not Found", answer(app, "/x/"));
        assertNull(call(app, "/y").headers().get("Allow"));
    }

    @Test
    void otherMethodIsAnsweredWith405AndTheAllowedMethods() {
        app.get("/x", request -> "").post("/{any}", request -> "");
        Response notAllowed = call(app, "DELETE", "/x");
        assertEquals(405, notAllowed.status());
        assertEquals("GET, HEAD, OPTIONS, POST", notAllowed.headers().get("Allow"));
        assertEquals("OPTIONS, POST", call(app, "/y").headers().get("Allow"));
        assertEquals(405, call(app, "HEAD", "/y").status());
    }

    @Test
    void optionsListsTheMethodsUnlessItHasARoute() {
        app.get("/x", request -> "").route("/own", request -> "own", "OPTIONS");
        Response options = call(app, "OPTIONS", "/x");
        assertEquals(204, options.status());
        assertEquals("GET, HEAD, OPTIONS", options.headers().get("Allow"));
        assertEquals("200 own", answer(app, "OPTIONS", "/own"));
        assertEquals("OPTIONS", call(app, "/own").headers().get("Allow"));
    }

    @Test
    void headUsesTheGetRouteUnlessItHasARoute() {
        app.get("/x", request -> Response.text(request.method()));
        assertEquals(200, call(app, "HEAD", "/x").status());
        app.route("/y", request -> Response.text("own").header("X-Own", "1"), "HEAD");
        app.get("/y", request -> "get");
        assertEquals("1", call(app, "HEAD", "/y").headers().get("X-Own"));
        assertNull(call(app, "/y").headers().get("X-Own"));
    }

    @Test
    void routeThatAnotherOneHidesIsRejected() {
        app.get("/users/{id}", request -> "").route("/users/{id}", request -> "", "PUT", "POST");
        var error =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> app.route("/users/{name}", request -> "", "DELETE", "POST"));
        assertEquals(
                "route: POST /users/{name}: POST,PUT /users/{id} exists and answers the same"
                        + " requests (expected: one handler)",
                error.getMessage());
        assertEquals("405 Method Not Allowed", answer(app, "DELETE", "/users/1"));
        app.get("/users/{id:int}", request -> "").get("/users/me", request -> "");
    }

    @Test
    void missingHandlerIsRejected() {
        Handler none = missing();
        assertThrows(IllegalArgumentException.class, () -> app.get("/x", none));
        assertThrows(IllegalArgumentException.class, () -> app.beforeRequest(none));
        assertThrows(IllegalArgumentException.class, () -> app.errorHandler(404, none));
    }

    @SuppressWarnings("NullAway") // As an application without a null checker may do.
    private static Handler missing() {
        return null;
    }

    @Test
    void routeWithoutAMethodIsRejected() {
        assertThrows(
                IllegalArgumentException.class,
                () -> app.route("/x", request -> "", new String[0]));
    }

    @Test
    void unknownParamThrows() {
        Request request = Calls.get("/7");
        app.get("/{id:int}", asked -> asked.param("id"));
        app.route(request).run();
        var error = assertThrows(IllegalArgumentException.class, () -> request.param("ID"));
        assertEquals("param: \"ID\" (expected: one of [id])", error.getMessage());
    }

    // ---- Mounting ----

    @Test
    void mountedRouteGetsTheParamsOfItsPrefix() {
        var inner = new Microdot();
        inner.get("/", request -> "root of " + request.param("room"));
        inner.get("/{id:int}", request -> request.param("room") + " " + request.param("id"));
        app.mount("/rooms/{room}", inner);
        assertEquals("200 root of red", answer(app, "/rooms/red"));
        assertEquals("200 root of red", answer(app, "/rooms/red/"));
        assertEquals("200 red 7", answer(app, "/rooms/red/7"));
        assertEquals("404 Not Found", answer(app, "/rooms/red/x"));
        assertEquals("404 Not Found", answer(app, "/rooms"));
        assertEquals("GET, HEAD, OPTIONS", call(app, "PUT", "/rooms/red").headers().get("Allow"));
    }

    @Test
    void mountsCanBeNested() {
        var leaf = new Microdot().get("/{c}", request -> request.param("a") + request.param("c"));
        app.mount("/{a}/", new Microdot().mount("/b", leaf));
        assertEquals("200 xy", answer(app, "/x/b/y"));
        assertEquals("404 Not Found", answer(app, "/x/c/y"));
    }

    @Test
    void mountAtTheRootMatchesNoSegment() {
        app.mount("/", new Microdot().get("/", request -> "root").get("/x", request -> "x"));
        assertEquals("200 root", answer(app, "/"));
        assertEquals("200 x", answer(app, "/x"));
    }

    @Test
    void laterRoutesAreTriedAfterAMountWithoutAMatch() {
        app.mount("/api", new Microdot().get("/a", request -> "inner"));
        app.get("/api/{name}", request -> "outer " + request.param("name"));
        assertEquals("200 inner", answer(app, "/api/a"));
        assertEquals("200 outer b", answer(app, "/api/b"));
    }

    @Test
    void encodedSlashDoesNotSeparateSegments() {
        app.get("/a/b", request -> "two").get("/{one}", request -> "one " + request.param("one"));
        assertEquals("200 one a/b", answer(app, "/a%2Fb"));
        assertEquals("200 one ..", answer(app, "/%2e%2e"));
    }

    @Test
    void applicationMountedInItselfIsRejected() {
        assertThrows(IllegalArgumentException.class, () -> app.mount("/a", app));
        var inner = new Microdot().mount("/b", new Microdot().mount("/c", app));
        assertThrows(IllegalArgumentException.class, () -> app.mount("/", inner));
        var twice = new Microdot();
        app.mount("/twice/{id}", twice).mount("/twice", twice).mount("/twice/{id}", new Microdot());
        assertThrows(IllegalArgumentException.class, () -> app.mount("/twice/{name}", twice));
    }

    @Test
    void routeMayLimitTheBodyForItsHooksToo() {
        var app =
                new Microdot()
                        .beforeRequest(
                                request -> {
                                    request.body();
                                    return null;
                                })
                        .post("/two", Microdot.maxBody(2, request -> request.text()))
                        .post("/all", request -> request.text());
        assertEquals("two", text(app.route(request("POST", "/all", "two")).run()));
        assertEquals(413, app.route(request("POST", "/two", "two")).run().status());
        assertThrows(IllegalArgumentException.class, () -> Microdot.maxBody(0, request -> null));
    }

    @Test
    void pathTypeHoldsForRoutesAndMountsOfItsApplication() {
        var inner = new Microdot().get("/x", request -> request.param("room"));
        var outer = new Microdot().pathType("slug", "[a-z-]+").mount("/{room:slug}", inner);
        outer.get("/{page:slug}", request -> "page " + request.param("page"));
        assertEquals("200 a-b", Calls.answer(outer, "/a-b/x"));
        assertEquals("200 page a-b", Calls.answer(outer, "/a-b"));
        assertEquals("404 Not Found", Calls.answer(outer, "/A"));
        assertThrows(IllegalArgumentException.class, () -> inner.get("/{y:slug}", request -> "y"));
    }

    @Test
    void methodThatNoRouteCanHaveIsA501() {
        String longest = "X".repeat(32);
        var app = new Microdot().route("/x", request -> "x", longest);
        assertEquals("200 x", Calls.answer(app, longest, "/x"));
        var refused =
                assertThrows(HttpException.class, () -> Calls.answer(app, longest + "X", "/x"));
        assertEquals(501, refused.status());
        assertThrows(
                IllegalArgumentException.class,
                () -> app.route("/y", request -> "y", longest + "X"));
        assertThrows(
                IllegalArgumentException.class, () -> app.route("/y", request -> "y", "GET, PUT"));
    }
}
