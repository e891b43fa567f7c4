package microdot;

import static microdot.Calls.request;
import static microdot.Calls.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CorsTest {
    private static final String PAGE = "https://app.example";

    private final Microdot app = new Microdot().get("/x", request -> "x");

    private Response call(String method, String path, String... fields) {
        return app.route(request(method, path, "", fields)).run();
    }

    private static @Nullable String allowed(Response response) {
        return response.headers().get("Access-Control-Allow-Origin");
    }

    @Test
    void rulesAreSetOnce() {
        app.cors(new Cors().origins(PAGE));
        assertThrows(IllegalStateException.class, () -> app.cors(new Cors()));
    }

    @Test
    void withoutRulesNoOriginIsAllowed() {
        assertNull(allowed(call("GET", "/x", "Origin", PAGE)));
        assertEquals(204, call("OPTIONS", "/x", "Origin", PAGE).status());
    }

    @Test
    void namedOriginMayReadTheResponse() {
        app.cors(new Cors().origins(PAGE).exposed("Run-Id", "ETag"));
        Response response = call("GET", "/x", "Origin", PAGE);
        assertEquals(PAGE, allowed(response));
        assertEquals("Run-Id, ETag", response.headers().get("Access-Control-Expose-Headers"));
        assertNull(response.headers().get("Access-Control-Allow-Credentials"));
        assertNull(allowed(call("GET", "/x", "Origin", "https://other.example")));
        assertNull(allowed(call("GET", "/x")));
    }

    @Test
    void everyResponseVariesByOrigin() {
        app.cors(new Cors().origins(PAGE));
        app.get("/varies", request -> Response.text("").header("Vary", "Accept, origin"));
        app.get("/language", request -> Response.text("").header("Vary", "Accept-Language"));
        assertEquals(List.of("Origin"), call("GET", "/x").headers().all("Vary"));
        assertEquals(List.of("Accept, origin"), call("GET", "/varies").headers().all("Vary"));
        assertEquals(
                List.of("Accept-Language", "Origin"),
                call("GET", "/language").headers().all("Vary"));
    }

    @Test
    void responseForEveryOriginDoesNotVary() {
        app.cors(new Cors().origins("*"));
        assertEquals(List.of(), call("GET", "/x").headers().all("Vary"));
        assertEquals("*", allowed(call("GET", "/x", "Origin", PAGE)));
    }

    @ParameterizedTest
    @CsvSource({
        "https://app.example, true",
        "https://app.example:8443, false",
        "http://app.example, false",
        "https://a.b.example, true",
        "https://x.a.b.example, true",
        "https://b.example, false",
        "https://evilb.example, false",
        "https://.b.example, false",
        "https://evil.example/.b.example, false",
        "http://localhost:3000, true",
        "http://localhost:4000, true",
        "http://localhost:5000, false",
        "null, false"
    })
    void originsAreExactOrSubdomainsOrChosenByAFunction(String origin, boolean is) {
        var rules = new Cors().origins(PAGE, "https://*.b.example", "http://localhost:3000");
        app.cors(rules.origins(asked -> asked.endsWith(":4000")));
        assertEquals(is ? origin : null, allowed(call("GET", "/x", "Origin", origin)));
    }

    @Test
    void pageWithoutAnOriginMayBeAllowedByName() {
        app.cors(new Cors().origins("null"));
        assertEquals("null", allowed(call("GET", "/x", "Origin", "null")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "app.example",
                "https://app.example/",
                "https://App.example",
                "https://",
                "",
                "*.x",
                "https://a.*.example",
                "https://app.example/page"
            })
    void originThatNoBrowserSendsIsRejected(String origin) {
        assertThrows(IllegalArgumentException.class, () -> new Cors().origins(origin));
    }

    @Test
    void credentialsNeedNamedOrigins() {
        app.cors(new Cors().origins(PAGE).credentials(true));
        Response response = call("GET", "/x", "Origin", PAGE);
        assertEquals("true", response.headers().get("Access-Control-Allow-Credentials"));
        Cors any = new Cors().origins("*");
        assertThrows(IllegalArgumentException.class, () -> any.credentials(true));
        Cors credentials = new Cors().credentials(true);
        assertThrows(IllegalArgumentException.class, () -> credentials.origins("*"));
        assertThrows(
                IllegalArgumentException.class, () -> any.maxAge(Duration.ofSeconds(1).negated()));
    }

    @Test
    void preflightIsAnsweredBeforeGuards() {
        app.cors(new Cors().origins(PAGE).maxAge(Duration.ofMinutes(10)));
        app.beforeRequest(request -> 401).put("/x", request -> "");
        Response response = preflight("/x", PAGE, "last-event-id, authorization");
        assertEquals(204, response.status());
        assertEquals(PAGE, allowed(response));
        Headers fields = response.headers();
        assertEquals("GET, HEAD, OPTIONS, PUT", fields.get("Access-Control-Allow-Methods"));
        assertEquals("last-event-id, authorization", fields.get("Access-Control-Allow-Headers"));
        assertEquals("600", fields.get("Access-Control-Max-Age"));
        // The request itself meets the guard, and the page may read that.
        Response guarded = call("PUT", "/x", "Origin", PAGE);
        assertEquals(401, guarded.status());
        assertEquals(PAGE, allowed(guarded));
    }

    private Response preflight(String path, String origin, String headers) {
        return call(
                "OPTIONS",
                path,
                "Origin",
                origin,
                "Access-Control-Request-Method",
                "PUT",
                "Access-Control-Request-Headers",
                headers);
    }

    @Test
    void preflightOfAnotherOriginIsRejected() {
        app.cors(new Cors().origins(PAGE));
        Response response = preflight("/x", "https://other.example", "x");
        assertEquals(403, response.status());
        assertTrue(text(response).contains("https://other.example"));
        assertNull(allowed(response));
    }

    @Test
    void requestHeadersMayBeLimited() {
        app.cors(new Cors().origins(PAGE).headers("Last-Event-ID"));
        assertEquals(
                "Last-Event-ID",
                preflight("/x", PAGE, "x-other").headers().get("Access-Control-Allow-Headers"));
    }

    @Test
    void optionsThatIsNoPreflightIsNotAnsweredHere() {
        app.cors(new Cors().origins(PAGE)).beforeRequest(request -> 401);
        assertEquals(401, call("OPTIONS", "/x").status());
    }

    @Test
    void errorsHaveTheFieldsToo() {
        app.cors(new Cors().origins(PAGE));
        app.get("/fails", request -> 1 / Integer.parseInt("0"));
        app.afterRequest(
                (request, response) -> {
                    if (request.path().equals("/hook")) {
                        throw new IllegalStateException();
                    }
                });
        try (var log = new Logged("microdot")) {
            for (String path : List.of("/none", "/fails", "/hook")) {
                assertEquals(PAGE, allowed(call("GET", path, "Origin", PAGE)), path);
            }
            assertEquals(2, log.messages().size());
        }
        assertEquals(PAGE, allowed(call("POST", "/x", "Origin", PAGE)));
        Call rejected = app.route(request("GET", "/x", "", "Origin", PAGE));
        assertEquals(PAGE, allowed(rejected.rejection()));
    }

    @Test
    void rulesOfAMountedApplicationReplaceTheOuterOnes() {
        app.cors(new Cors().origins(PAGE));
        var inner = new Microdot().cors(new Cors().origins("https://inner.example"));
        app.mount("/in", inner.get("/y", request -> "y"));
        app.mount("/plain", new Microdot().get("/z", request -> "z"));
        assertNull(allowed(call("GET", "/in/y", "Origin", PAGE)));
        assertNull(allowed(call("GET", "/in/none", "Origin", PAGE)));
        assertEquals(PAGE, allowed(call("GET", "/plain/z", "Origin", PAGE)));
    }

    @Test
    void functionThatFailsIsAnsweredWith500() {
        app.cors(
                new Cors()
                        .origins(
                                origin -> {
                                    throw new IllegalStateException("test");
                                }));
        try (var log = new Logged("microdot")) {
            Call call = app.route(request("GET", "/x", "", "Origin", PAGE));
            assertTrue(call.mayBlock());
            assertNull(allowed(call.rejection()));
            assertEquals(500, call.run().status());
            assertEquals(500, preflight("/x", PAGE, "x").status());
            assertEquals(2, log.messages().size());
        }
    }

    @Test
    void rulesWithoutAFunctionNeedNoThread() {
        app.cors(new Cors().origins(PAGE));
        assertFalse(app.route(request("GET", "/none", "", "Origin", PAGE)).mayBlock());
    }
}
