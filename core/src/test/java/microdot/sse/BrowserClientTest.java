package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;
import microdot.Headers;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import org.junit.jupiter.api.Test;

/** The browser client that an application serves. */
class BrowserClientTest {
    private static final int MOST_BYTES = 3072;

    private static Response get(Headers headers) throws Exception {
        var app = new Microdot().get("/microdot.js", Sse.client());
        var client = new InetSocketAddress(9);
        return app.route(new Request("GET", "/microdot.js", headers, new byte[0], client, "http"))
                .run();
    }

    @Test
    void isServedAsAScriptThatBrowsersRevalidate() throws Exception {
        Response response = get(new Headers());
        assertEquals(200, response.status());
        assertEquals("text/javascript; charset=UTF-8", response.headers().get("Content-Type"));
        String tag = assertNotNullTag(response);
        var again = new Headers();
        again.add("If-None-Match", tag);
        assertEquals(304, get(again).status());
    }

    private static String assertNotNullTag(Response response) {
        String tag = response.headers().get("ETag");
        assertNotNull(tag);
        return tag;
    }

    @Test
    void takesAtMostThreeKibibytesGzipped() throws Exception {
        byte[] script;
        try (var in = Sse.class.getResourceAsStream("/microdot/sse/microdot.js")) {
            script = Objects.requireNonNull(in, "microdot.js").readAllBytes();
        }
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(script);
        }
        assertTrue(packed.size() <= MOST_BYTES, packed.size() + " bytes");
    }
}
