package microdot;

import static microdot.Calls.answer;
import static microdot.Calls.call;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

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
    void beforeHooksNeedAMatchAfterHooksDoNot() {
        app.beforeRequest(before("before")).afterRequest(after("after"));
        app.get("/x", request -> "");
        call(app, "/y");
        call(app, "POST", "/x");
        call(app, "OPTIONS", "/x");
        assertEquals(List.of("after", "after", "after"), ran);
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
