package microdot;

import static microdot.Calls.call;
import static microdot.Calls.get;
import static microdot.Calls.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ReturnValuesTest {
    private record Point(int x, @Nullable String label) {}

    private static final String TEXT = "text/plain; charset=UTF-8";
    private static final String JSON = "application/json";

    static Stream<Arguments> values() {
        return Stream.of(
                Arguments.of("tëxt", 200, TEXT, "tëxt"),
                Arguments.of(CharBuffer.wrap("built"), 200, TEXT, "built"),
                Arguments.of("", 200, TEXT, ""),
                Arguments.of(Map.of("a", 1), 200, JSON, "{\"a\":1}"),
                Arguments.of(List.of(1, "b"), 200, JSON, "[1,\"b\"]"),
                Arguments.of(Set.of(), 200, JSON, "[]"),
                Arguments.of(new int[] {1, 2}, 200, JSON, "[1,2]"),
                Arguments.of(new String[] {"a"}, 200, JSON, "[\"a\"]"),
                Arguments.of(new Point(1, null), 200, JSON, "{\"x\":1,\"label\":null}"),
                Arguments.of(
                        "b".getBytes(StandardCharsets.UTF_8), 200, "application/octet-stream", "b"),
                Arguments.of(200, 200, null, ""),
                Arguments.of(201, 201, null, ""),
                Arguments.of(404, 404, TEXT, "Not Found"),
                Arguments.of(499, 499, TEXT, "Status 499"),
                Arguments.of(null, 204, null, ""));
    }

    @ParameterizedTest
    @MethodSource("values")
    void returnValueIsConverted(
            @Nullable Object value, int status, @Nullable String type, String body) {
        Response response = call(new Microdot().get("/", request -> value), "/");
        assertEquals(status, response.status());
        assertEquals(type, response.headers().get("Content-Type"));
        assertEquals(body, text(response));
    }

    @Test
    void reusedResponseIsNotChangedByARequest() {
        var reused = Response.text("0123456789").header("ETag", "\"a\"").status(200);
        var app = new Microdot().get("/", request -> reused);
        app.afterRequest((request, response) -> response.header("X-Path", request.path()));
        Response part = app.route(get("/", "Range", "bytes=0-1")).run();
        assertEquals(206, part.status());
        assertEquals(304, app.route(get("/", "If-None-Match", "\"a\"")).run().status());
        Response whole = app.route(get("/")).run();
        assertEquals("200 0123456789", whole.status() + " " + text(whole));
        assertEquals(List.of(), reused.headers().all("X-Path"));
        assertNull(whole.headers().get("Content-Range"));
    }

    @Test
    void mistakeNamesTheWayOut() {
        try (var log = new Logged("microdot")) {
            call(new Microdot().get("/", request -> 7), "/");
            call(new Microdot().get("/", request -> 7L), "/");
            call(new Microdot().get("/", request -> new Object()), "/");
            call(new Microdot().get("/", request -> Path.of("x")), "/");
            String said = log.thrown().stream().map(Throwable::getMessage).toList().toString();
            assertTrue(said.contains("the number 7, which is no status"), said);
            assertTrue(said.contains("String.valueOf(number) is text"), said);
            assertTrue(said.contains("Response.json(value)"), said);
            assertTrue(said.contains("Response.file(path)"), said);
        }
    }

    static Stream<Object> mistakes() {
        return Stream.of(
                1L, 2.0, true, Optional.empty(), new Object(), 99, 600, Stream.of(1), Path.of("x"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void otherReturnValueIsAnsweredWith500AndLoggedWithItsType(Object value) {
        try (var log = new Logged("microdot")) {
            Response response = call(new Microdot().get("/", request -> value), "/");
            assertEquals(500, response.status());
            String said = String.valueOf(log.thrown().getFirst().getMessage());
            assertTrue(said.contains("(expected: "), said);
        }
    }

    @Test
    void valueThatIsNotJsonIsAnsweredWith500() {
        try (var log = new Logged("microdot")) {
            List<Object> inside = Arrays.asList((Object) null);
            inside.set(0, inside);
            assertEquals(500, call(new Microdot().get("/", request -> inside), "/").status());
            assertEquals(1, log.thrown().size());
        }
    }
}
