package microdot;

import static microdot.Calls.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseTest {
    private static void assertRejected(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    @Test
    void factoriesSetTheContentType() {
        assertEquals(
                "text/html; charset=UTF-8", Response.html("<p>").headers().get("content-type"));
        assertEquals(
                "image/png",
                Response.bytes(new byte[1], "image/png").headers().get("Content-Type"));
        assertNull(new Response().headers().get("Content-Type"));
        assertEquals(200, new Response().status());
    }

    @Test
    void jsonUsesTheCodecOfTheApplication() {
        var codec =
                new JsonCodec() {
                    @Override
                    public byte[] encode(Object value) {
                        return JsonCodec.standard().encode(List.of("own", value));
                    }

                    @Override
                    public <T> T decode(byte[] json, Class<T> type) {
                        throw new AssertionError();
                    }
                };
        var app = new Microdot().jsonCodec(codec).get("/", request -> Response.json(Map.of()));
        assertEquals("200 [\"own\",{}]", Calls.answer(app, "/"));
    }

    /** It would become {}, and nobody would notice. */
    @Test
    void objectWithoutGettersAndPublicFieldsIsRefused() {
        class Plain {
            private final int value = 1;

            @Override
            public String toString() {
                return "" + value;
            }
        }
        for (Object each : List.of(new Plain(), List.of(new Plain()), Map.of("a", new Plain()))) {
            var refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> JsonCodec.standard().encode(each));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains("Plain has nothing to write (expected: a rec"), message);
        }
    }

    @Test
    void newBodyReplacesTheJsonValue() {
        var app = new Microdot().get("/", request -> Response.json(Map.of()));
        app.afterRequest((request, response) -> response.body(new Body.Empty()));
        assertInstanceOf(Body.Empty.class, Calls.call(app, "/").body());
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 299, 404, 599})
    void statusInRangeIsAccepted(int status) {
        assertEquals(status, new Response().status(status).status());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 100, 101, 199, 600, 1000})
    void interimAndUnknownStatusesAreRejected(int status) {
        assertRejected(
                "status: " + status + " (expected: 200 to 599)",
                () -> new Response().status(status));
    }

    @Test
    void redirectSetsStatusAndLocation() {
        assertEquals(302, Response.redirect("/x").status());
        assertEquals("/x", Response.redirect("/x").headers().get("Location"));
        assertEquals(308, Response.redirect("/x", 308).status());
        assertThrows(IllegalArgumentException.class, () -> Response.redirect("/x", 304));
        assertThrows(
                IllegalArgumentException.class, () -> Response.redirect("/x\r\nSet-Cookie: a"));
    }

    // ---- Headers ----

    @ParameterizedTest
    @CsvSource({
        "'a\r\nX: b', 'a\\r\\nX: b'",
        "'a\nb', a\\nb",
        "'a\rb', a\\rb",
        "'a\0b', a\\u0000b",
        "'a\u007fb', a\\u007fb",
        "a☃b, a☃b"
    })
    void headerValueThatWouldBreakTheHeadIsRejected(String value, String shown) {
        assertRejected(
                "header X: \""
                        + shown
                        + "\" (expected: no CR, LF, NUL or other control character, none above"
                        + " U+00FF)",
                () -> new Response().header("X", value));
        assertThrows(IllegalArgumentException.class, () -> new Headers().add("X", value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a:", "a\n", "ä", "a(b"})
    void headerNameThatIsNotATokenIsRejected(String name) {
        assertThrows(IllegalArgumentException.class, () -> new Response().header(name, "x"));
    }

    @Test
    void rejectedHeaderValueKeepsTheFormerValue() {
        Response response = new Response().header("X", "old");
        assertThrows(IllegalArgumentException.class, () -> response.header("X", "a\nb"));
        assertEquals("old", response.headers().get("X"));
        assertEquals("tab\tand é", response.header("X", "tab\tand é").headers().get("X"));
    }

    @Test
    void setReplacesAndAddKeepsFormerValues() {
        Headers headers = new Headers().add("A", "1").add("b", "2").add("a", "3");
        assertEquals(List.of("1", "3"), headers.all("A"));
        headers.set("A", "4");
        assertEquals("b: 2\nA: 4\n", headers.toString());
        assertEquals(2, headers.size());
        assertEquals(0, headers.remove("a").remove("B").size());
    }

    // ---- Cookies ----

    @Test
    void cookieMayBeForADomainAndUntilATime() {
        Cookie cookie =
                Cookie.of("a", "1")
                        .domain("example.com")
                        .expires(Instant.parse("1994-11-06T08:49:37Z"));
        assertEquals(
                "a=1; Path=/; Domain=example.com; Expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly;"
                        + " SameSite=Lax",
                cookie.toString());
        assertThrows(IllegalArgumentException.class, () -> cookie.domain("a;b"));
    }

    @Test
    void deletedCookieIsInThePast() {
        assertEquals(
                List.of(
                        "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly;"
                                + " SameSite=Lax"),
                new Response().deleteCookie("a").headers().all("Set-Cookie"));
    }

    @Test
    void cookieThatBrowsersDropIsRejected() {
        Cookie none = Cookie.of("a", "1").sameSite("None");
        assertThrows(IllegalArgumentException.class, () -> new Response().cookie(none));
        assertEquals(
                List.of("a=1; Path=/; HttpOnly; Secure; SameSite=None"),
                new Response().cookie(none.secure(true)).headers().all("Set-Cookie"));
    }

    @Test
    void bodyStatusAndHeadersMakeAResponse() {
        Response response = Response.of(Map.of("a", 1), 201, Map.of("Location", "/1"));
        assertEquals(201, response.status());
        assertEquals("/1", response.headers().get("Location"));
        assertEquals("application/json", response.headers().get("Content-Type"));
    }

    @Test
    void cookieDefaultsAreSafe() {
        Response response =
                new Response().cookie("a", "1").cookie(Cookie.of("b", "2").secure(true));
        assertEquals(
                List.of(
                        "a=1; Path=/; HttpOnly; SameSite=Lax",
                        "b=2; Path=/; HttpOnly; Secure; SameSite=Lax"),
                response.headers().all("Set-Cookie"));
        Cookie whole =
                Cookie.of("c", "")
                        .path("/x")
                        .maxAge(Duration.ZERO)
                        .httpOnly(false)
                        .sameSite("Strict");
        assertEquals("c=; Path=/x; Max-Age=0; SameSite=Strict", whole.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a;b", "a,b", "a b", "a\nb", "a\0b", "ä", "a\"b", "a\\b"})
    void cookieValueThatWouldAddAttributesIsRejected(String value) {
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a", value));
        assertThrows(IllegalArgumentException.class, () -> Cookie.of("a", "1").path("/;" + value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a=b", "a;b", "a b", "a\r\n"})
    void cookieNameThatIsNotATokenIsRejected(String name) {
        assertThrows(IllegalArgumentException.class, () -> Cookie.of(name, "1"));
    }

    @Test
    void unknownSameSiteIsRejected() {
        assertRejected(
                "cookie: name \"a\", sameSite \"lax\" (expected: a name, and Strict, Lax or None)",
                () -> Cookie.of("a", "1").sameSite("lax"));
        assertEquals("", text(new Response().cookie("a", "1")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"__Host-a", "__secure-a"})
    void cookieWithAPrefixMustBeSecure(String name) {
        Cookie cookie = Cookie.of(name, "1");
        assertThrows(IllegalArgumentException.class, () -> new Response().cookie(cookie));
        String sent =
                new Response().cookie(cookie.secure(true)).headers().all("Set-Cookie").getFirst();
        assertEquals(name + "=1; Path=/; HttpOnly; Secure; SameSite=Lax", sent);
        String deleted = new Response().deleteCookie(name).headers().all("Set-Cookie").getFirst();
        assertTrue(deleted.contains("; Secure"), deleted);
    }

    @Test
    void hostCookieIsForThisHostAndTheWholeSite() {
        Cookie cookie = Cookie.of("__Host-a", "1").secure(true);
        assertEquals(
                "cookie __Host-a: Domain example.com, Path / (expected: no domain and the path /"
                        + " for __Host-, because browsers drop it otherwise)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Response().cookie(cookie.domain("example.com")))
                        .getMessage());
        assertThrows(
                IllegalArgumentException.class, () -> new Response().cookie(cookie.path("/a")));
    }

    @Test
    void cacheControlIsInWholeSeconds() {
        var response = new Response().cacheControl(Duration.ofMinutes(1));
        assertEquals("max-age=60", response.headers().get("Cache-Control"));
        response.cacheControl(Duration.ZERO);
        assertEquals("no-cache", response.headers().get("Cache-Control"));
        assertThrows(
                IllegalArgumentException.class,
                () -> response.cacheControl(Duration.ofSeconds(-1)));
    }
}
