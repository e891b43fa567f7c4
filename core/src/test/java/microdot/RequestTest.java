package microdot;

import static microdot.Calls.get;
import static microdot.Calls.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTest {
    private static final String FORM = "application/x-www-form-urlencoded";

    private record Point(int x, int y) {}

    private static void assertRejected(int status, Executable call) {
        assertEquals(status, assertThrows(HttpException.class, call).status());
    }

    // ---- Target ----

    @ParameterizedTest
    @CsvSource({
        "/, /",
        "/a/b?x=1, /a/b",
        "/a%20b+c, /a b+c",
        "http://host/a?x, /a",
        "HTTPS://host, /",
        "http://host?x=1, /",
        "//a, //a"
    })
    void pathIsDecoded(String target, String path) {
        assertEquals(path, get(target).path());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "a", "?x", "/%", "/%4", "/%zz", "/%-1", "/%+1", "/a%00b", "ftp://h/"})
    void malformedTargetIsAnsweredWith400(String target) {
        assertRejected(400, () -> get(target));
    }

    // ---- Query ----

    @Test
    void queryKeepsRepeatedParametersInOrder() {
        Request request = get("/?a=1&b=2&a=3&a");
        assertEquals("1", request.query("a"));
        assertEquals(List.of("1", "3", ""), request.queries("a"));
        assertNull(request.query("c"));
        assertEquals("none", request.query("c", "none"));
        assertEquals("2", request.query("b", "none"));
        assertEquals(List.of(), request.queries("c"));
    }

    @ParameterizedTest
    @CsvSource({
        "a+b, a b",
        "a%2Bb, a+b",
        "%C3%A4, ä",
        "a%26b%3D, a&b=",
        "a=b, a=b",
        "a?b, a?b",
        "'', ''"
    })
    void queryValueIsDecoded(String raw, String value) {
        assertEquals(value, get("/?q=" + raw).query("q"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"q=%", "q=%4", "q=%zz", "%zz=1", "a=1&q=%", "q=%-1", "q=%+1"})
    void malformedQueryFailsWith400WhenItIsRead(String query) {
        Request request = get("/?" + query);
        assertRejected(400, () -> request.query("q"));
    }

    @Test
    void emptyPairsAreIgnored() {
        Request request = get("/?&&a=1&&=2&");
        assertEquals("1", request.query("a"));
        assertEquals("2", request.query(""));
    }

    @Test
    void queryIsKeptAsTheClientSentIt() {
        Request request = get("/x?b=%20&a=1&b=2");
        assertEquals("b=%20&a=1&b=2", request.rawQuery());
        assertEquals(List.of("b", "a"), List.copyOf(request.queryNames()));
        assertEquals("", get("/x").rawQuery());
        assertEquals(Set.of(), get("/x").queryNames());
    }

    @Test
    void hostIsThatOfTheRequest() {
        assertEquals("h:1", get("/", "Host", "h:1").host());
        assertNull(get("/").host());
        var client = new InetSocketAddress("203.0.113.7", 0);
        var body = new BytesBody(new byte[0]);
        Headers fields = new Headers().add("Host", "127.0.0.1");
        var proxied = new Request("GET", "/", fields, body, client, "https", "app.example", null);
        assertEquals("app.example", proxied.host());
        assertEquals("127.0.0.1", proxied.header("Host"));
    }

    @Test
    void pathIsUtf8() {
        assertEquals("/é", get("/%C3%A9").path());
        for (String path : List.of("/%E9", "/%C3", "/%FF", "/a%ED%A0%80")) {
            assertEquals(400, assertThrows(HttpException.class, () -> get(path)).status(), path);
        }
    }

    @Test
    void targetOfTheWholeServerIsForOptionsOnly() {
        assertEquals(204, new Microdot().route(request("OPTIONS", "*", "")).run().status());
        assertEquals(400, assertThrows(HttpException.class, () -> get("*")).status());
        assertEquals(400, assertThrows(HttpException.class, () -> get("http:///x")).status());
    }

    // ---- Headers, cookies ----

    @Test
    void headersAreCaseInsensitiveAndReadOnly() {
        Request request = get("/", "X-Name", "1", "x-name", "2");
        assertEquals("1", request.header("X-NAME"));
        assertEquals(List.of("1", "2"), request.headers().all("X-Name"));
        assertNull(request.header("X"));
        assertThrows(IllegalStateException.class, () -> request.headers().set("X-Name", "3"));
        assertThrows(IllegalStateException.class, () -> request.headers().remove("X-Name"));
    }

    @Test
    void cookiesAreParsed() {
        Request request = get("/", "Cookie", "a=1; b=x=y;c=; a=2; junk; =no", "Cookie", "d=4");
        assertEquals(Map.of("a", "1", "b", "x=y", "c", "", "d", "4"), request.cookies());
        assertEquals("1", request.cookie("a"));
        assertNull(request.cookie("junk"));
        assertThrows(UnsupportedOperationException.class, () -> request.cookies().put("x", "y"));
        assertEquals(Map.of(), get("/").cookies());
    }

    // ---- Body ----

    @Test
    void textIsDecodedByItsCharset() {
        assertEquals("ä", request("POST", "/", "ä").text());
        assertEquals(
                "Ã¤",
                request("POST", "/", "ä", "Content-Type", "a/b; Charset=\"ISO-8859-1\"; x=y")
                        .text());
        assertRejected(
                415, () -> request("POST", "/", "x", "Content-Type", "a/b;charset=klingon").text());
        assertRejected(415, () -> request("POST", "/", "x", "Content-Type", "a/b;charset=").text());
    }

    @Test
    void formReturnsTheFirstValue() {
        Request request =
                request("POST", "/", "a=1&b=x+y%21&a=2", "Content-Type", FORM + ";charset=utf-8");
        assertEquals("1", request.form("a"));
        assertEquals(Map.of("a", List.of("1", "2"), "b", List.of("x y!")), request.form());
        assertNull(request.form("c"));
    }

    @Test
    void formOfAnotherTypeFailsWith415AndMalformedFormWith400() {
        assertRejected(415, () -> request("POST", "/", "a=1").form());
        assertRejected(
                415, () -> request("POST", "/", "a=1", "Content-Type", "text/plain").form("a"));
        assertRejected(400, () -> request("POST", "/", "a=%", "Content-Type", FORM).form());
    }

    private static Request limited(long bytes, RequestBody body) {
        var client = InetSocketAddress.createUnresolved("client", 1);
        var request = new Request("POST", "/", new Headers(), body, client, "http", null, null);
        request.maxBody(bytes);
        return request;
    }

    /** A chunked body: its length is known at its end only. */
    private static RequestBody chunked(String text) {
        return new RequestBody() {
            @Override
            public long length() {
                return -1;
            }

            @Override
            public long limit() {
                return 3;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
            }
        };
    }

    @Test
    void bodyBeyondTheLimitFailsWith413() throws Exception {
        byte[] four = {1, 2, 3, 4};
        assertRejected(413, () -> limited(3, new BytesBody(four)).body());
        assertRejected(413, () -> limited(3, new BytesBody(four)).stream());
        assertEquals(4, limited(4, new BytesBody(four)).body().length);
        assertRejected(413, () -> limited(3, chunked("four")).body());
        assertRejected(413, () -> limited(3, chunked("four")).stream().readAllBytes());
        assertEquals("four", limited(4, chunked("four")).text());
        assertEquals(4, limited(4, chunked("four")).stream().readAllBytes().length);
    }

    @Test
    void bodyIsReadInOneWayOnly() throws Exception {
        Request request = request("POST", "/", "text");
        InputStream stream = request.stream();
        assertSame(stream, request.stream());
        assertThrows(IllegalStateException.class, request::text);
        Request again = request("POST", "/", "text");
        assertEquals("text", again.text());
        assertEquals("text", again.text());
        assertEquals(4, again.stream().readAllBytes().length);
        assertEquals(4, again.stream().readAllBytes().length);
    }

    @Test
    void partsAreReadFromTheBodyInMemoryToo() {
        String body = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--\r\n";
        String type = "multipart/form-data; boundary=b";
        Request request = request("POST", "/", body, "Content-Type", type);
        assertEquals(body, request.text());
        assertEquals("x", request.parts().getFirst().text());
        assertSame(request.parts(), request.parts());
        Request first = request("POST", "/", body, "Content-Type", type);
        assertEquals(1, first.parts().size());
        assertThrows(IllegalStateException.class, first::body);
        assertThrows(IllegalStateException.class, first::stream);
        assertRejected(415, () -> request("POST", "/", body, "Content-Type", type).form());
        assertRejected(415, () -> request("POST", "/", body).parts());
    }

    private static Request json(String body) {
        Request request = request("POST", "/", body);
        new Microdot().route(request).run();
        return request;
    }

    @Test
    void jsonIsReadAsTheGivenType() {
        assertEquals(new Point(1, 2), json("{\"x\":1,\"y\":2}").json(Point.class));
        assertEquals(List.of(1, "a"), json("[1,\"a\"]").json(List.class));
        assertEquals("ä", json("\"ä\"").json(String.class));
        assertEquals(7, json("7").json(Integer.class));
        // A client of a later version may send fields that this version does not know.
        assertEquals(new Point(1, 2), json("{\"x\":1,\"y\":2,\"z\":3}").json(Point.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "{}x", "nope", "null", "[1]", "{\"x\":\"a\"}"})
    void otherJsonFailsWith400(String body) {
        Request request = json(body);
        var error = assertThrows(HttpException.class, () -> request.json(Point.class));
        assertEquals(400, error.status());
        assertTrue(String.valueOf(error.getMessage()).startsWith("JSON"), error.getMessage());
    }

    @Test
    void jsonNestedTooDeeplyFailsWith400() {
        Request request = json("[".repeat(100_000));
        assertRejected(400, () -> request.json(List.class));
    }

    // ---- The rest ----

    @Test
    void valuesInGBelongToOneRequest() {
        Request request = get("/");
        request.g().put("a", 1);
        assertEquals(1, request.g().get("a"));
        assertTrue(get("/").g().isEmpty());
    }

    @Test
    void clientMayBeOfAnotherKindThanInternetAddresses() {
        var unix = UnixDomainSocketAddress.of("/run/app.sock");
        var request = new Request("GET", "/", new Headers(), new byte[0], unix, "http");
        assertEquals(unix, request.clientAddress());
        assertEquals("/run/app.sock", request.clientIp());
    }

    @Test
    void requestKnowsItsClientSchemeAndBody() {
        var client = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
        var body = "x".getBytes(StandardCharsets.UTF_8);
        var request = new Request("GET", "/p", new Headers(), body, client, "https");
        assertEquals("https", request.scheme());
        assertSame(client, request.clientAddress());
        assertEquals("127.0.0.1", request.clientIp());
        assertSame(body, request.body());
        assertEquals("GET /p", request.toString());
    }

    @Test
    void jsonCodecIsThatOfTheApplication() {
        Request request = get("/p");
        assertSame(JsonCodec.standard(), request.jsonCodec());
        JsonCodec codec =
                new JsonCodec() {
                    @Override
                    public byte[] encode(Object value) {
                        throw new AssertionError();
                    }

                    @Override
                    public <T> T decode(byte[] json, Class<T> type) {
                        throw new AssertionError();
                    }
                };
        new Microdot().jsonCodec(codec).route(request);
        assertSame(codec, request.jsonCodec());
    }

    @Test
    void pathCannotForgeALogEntry() {
        assertEquals("GET /a\\n\\u001b[2J", get("/a%0A%1B%5B2J").toString());
        assertEquals("GET /" + "x".repeat(79) + "…", get("/" + "x".repeat(200)).toString());
    }

    @Test
    void wholeUrlMayOmitThePath() {
        assertEquals("/", get("http://x").path());
        Request request = get("http://x?a=/admin");
        assertEquals("/", request.path());
        assertEquals("/admin", request.query("a"));
    }

    @Test
    void starIsOnlyATargetWithoutASlash() {
        assertEquals("/*", get("/*").path());
        assertEquals("*", request("OPTIONS", "*", "").path());
    }

    /** Names that collide in a hash table, which a client may choose. */
    @Test
    void costOfCookiesIsLinear() {
        String few = cookies(12);
        String many = cookies(16);
        parse(few); // The compiler has seen the code once.
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            long shorter = parse(few);
            least = Math.min(least, parse(many) / Math.max(1, shorter));
        }
        long ratio = least;
        // 16 times the bytes: quadratic cost would be 256 times the time.
        assertTrue(ratio < 100, () -> "16 times the bytes cost " + ratio + " times the time");
    }

    private static String cookies(int doublings) {
        List<String> names = List.of("");
        for (int i = 0; i < doublings; i++) {
            names = names.stream().flatMap(name -> Stream.of(name + "Aa", name + "BB")).toList();
        }
        return names.stream().map(name -> name + "=1").collect(Collectors.joining("; "));
    }

    private static long parse(String cookies) {
        long begun = System.nanoTime();
        assertTrue(Cookie.parse(List.of(cookies)).containsValue("1"));
        return System.nanoTime() - begun;
    }
}
