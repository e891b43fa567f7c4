package microdot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.contract.FuzzContract;
import org.jspecify.annotations.Nullable;

/**
 * Whatever the target and the fields of a request are, the response is the expected one or a 4xx
 * that names the fault. The lines of an input are the method and the target, then the fields.
 */
class FieldsFuzzTest extends FuzzContract {
    private static final byte[] PAGE = "0123456789".getBytes(ISO_8859_1);
    private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/10");
    private static final Set<Integer> DECLARED =
            Set.of(200, 204, 206, 301, 304, 400, 403, 404, 405, 406, 412, 415, 416, 501);
    private static final Microdot APP =
            new Microdot()
                    .cors(new Cors().origins("https://a.example").headers("X-Wanted"))
                    .beforeRequest(new Csrf())
                    .get("/page", request -> page())
                    .get("/query", FieldsFuzzTest::read)
                    .post("/query", FieldsFuzzTest::read)
                    .get("/number/{n:int}", request -> "" + request.intParam("n"))
                    .get("/name/{name}/{rest:path}", FieldsFuzzTest::names)
                    .get("/file/{path:path}", FieldsFuzzTest::file);

    FieldsFuzzTest() {
        super(FieldsFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        String[] lines = new String(input, ISO_8859_1).split("\n", -1);
        String[] words = lines[0].split(" ", 2);
        if (!lines[0].matches("[ -~]*")) {
            return; // Servers refuse such a target before it is parsed.
        }
        var headers = new Headers();
        for (int i = 1; i < lines.length; i++) {
            String[] field = lines[i].split(":", 2);
            try {
                headers.add(field[0], field.length == 2 ? field[1].strip() : "");
            } catch (IllegalArgumentException notSent) {
                return;
            }
        }
        Request request;
        try {
            String target = words.length == 2 ? words[1] : "/";
            var client = new InetSocketAddress(9);
            request = new Request(words[0], target, headers, new byte[0], client, "http");
        } catch (HttpException refused) {
            assertTrue(refused.status() == 400 || refused.status() == 501);
            return;
        }
        check(request, APP.route(request).run());
    }

    private static void check(Request request, Response response) {
        int status = response.status();
        assertTrue(DECLARED.contains(status), () -> request + ": " + status);
        if (status == 206) {
            String range = response.headers().get("Content-Range");
            Matcher parts = RANGE.matcher(assertNotNullText(range));
            if (request.path().equals("/page")) {
                assertTrue(parts.matches(), range);
                byte[] wanted =
                        Arrays.copyOfRange(
                                PAGE,
                                Integer.parseInt(parts.group(1)),
                                Integer.parseInt(parts.group(2)) + 1);
                assertArrayEquals(wanted, ((Body.Bytes) response.body()).bytes());
            }
        }
        // No field of a request gets into one of the response as it is.
        response.headers()
                .forEach(
                        (name, value) ->
                                assertTrue(
                                        value.chars().noneMatch(c -> c < ' ' && c != '\t'),
                                        () -> name + ": " + value));
    }

    private static String assertNotNullText(@Nullable String text) {
        assertNotNull(text);
        return text;
    }

    private static Response page() {
        return Response.bytes(PAGE, "text/plain")
                .header("ETag", "\"a\"")
                .header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    private static String read(Request request) {
        var read = new StringBuilder();
        for (String name : request.queryNames()) {
            assertEquals(request.queries(name).getFirst(), request.query(name));
            read.append(name).append(request.queries(name));
        }
        for (Map.Entry<String, String> cookie : request.cookies().entrySet()) {
            assertEquals(cookie.getValue(), request.cookie(cookie.getKey()));
            read.append(cookie);
        }
        return read.append(request.host()).append(request.clientIp()).toString();
    }

    /** The segments are the path. */
    private static String names(Request request) {
        String path = "/name/" + request.param("name") + "/" + request.param("rest");
        // A rest may be empty, and then the slash before it may be missing.
        assertTrue(path.equals(request.path()) || path.equals(request.path() + "/"), path);
        return path;
    }

    private static Response file(Request request) {
        return Response.resource(FieldsFuzzTest.class, "/static", request.param("path"));
    }
}
