package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConditionalRequestsTest {
    private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";

    private final Microdot app =
            new Microdot()
                    .get("/x", request -> tagged("0123456789", "\"t\""))
                    .get("/weak", request -> tagged("0123456789", "W/\"t\""))
                    .get("/bare", request -> Response.text("0123456789"))
                    .get("/empty", request -> tagged("", "\"t\""))
                    .get("/gone", request -> tagged("gone", "\"t\"").status(410))
                    .post("/x", request -> tagged("posted", "\"t\""));

    private static Response tagged(String text, String tag) {
        return Response.text(text).header("ETag", tag).header("Last-Modified", MODIFIED);
    }

    private Response call(String method, String target, String... fields) {
        return app.route(Calls.request(method, target, "", fields)).run();
    }

    private String answer(String target, String... fields) {
        Response response = call("GET", target, fields);
        return response.status() + " " + Calls.text(response);
    }

    // ---- Expected ----

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/x|\"t\"|200",
                "/x|\"a\", \"t\"|200",
                "/x|*|200",
                "/x|\"a\"|412",
                "/x|W/\"t\"|412",
                "/weak|W/\"t\"|412",
                "/bare|\"a\"|200"
            })
    void tagThatTheClientDoesNotExpectIsAnsweredWith412(String path, String tags, int status) {
        assertEquals(status, call("GET", path, "If-Match", tags).status());
    }

    @Test
    void changedResponseIsAnsweredWith412IfTheClientWantsTheOldOne() {
        String before = "Sun, 06 Nov 1994 08:49:36 GMT";
        assertEquals("412 ", answer("/x", "If-Unmodified-Since", before, "Range", "bytes=0-1"));
        assertEquals("206 01", answer("/x", "If-Unmodified-Since", MODIFIED, "Range", "bytes=0-1"));
        // The tag is more exact than the time.
        assertEquals(
                "200 0123456789", answer("/x", "If-Match", "\"t\"", "If-Unmodified-Since", before));
    }

    @Test
    void allLinesOfAListFieldCount() {
        assertEquals("304 ", answer("/x", "If-None-Match", "\"a\"", "If-None-Match", "\"t\""));
        assertEquals("200 0123456789", answer("/x", "If-Match", "\"a\"", "If-Match", "\"t\""));
    }

    // ---- Unchanged ----

    @ParameterizedTest
    @ValueSource(strings = {"\"t\"", "W/\"t\"", "\"a\", \"t\"", "\"a\",W/\"t\"", "*"})
    void matchingTagIsAnsweredWith304(String known) {
        assertEquals("304 ", answer("/x", "If-None-Match", known));
        assertEquals("304 ", answer("/weak", "If-None-Match", known));
        assertEquals(304, call("HEAD", "/x", "If-None-Match", known).status());
        assertEquals("\"t\"", call("GET", "/x", "If-None-Match", known).headers().get("ETag"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"a\"", "t", "\"T\"", ""})
    void differentTagGetsTheWholeBody(String known) {
        assertEquals("200 0123456789", answer("/x", "If-None-Match", known));
    }

    @ParameterizedTest
    @CsvSource({
        "'Sun, 06 Nov 1994 08:49:37 GMT', 304",
        "'Sun, 06 Nov 1994 08:49:38 GMT', 304",
        "'Sun, 06 Nov 1994 08:49:36 GMT', 200",
        "yesterday, 200"
    })
    void unmodifiedSinceIsAnsweredWith304(String since, int status) {
        assertEquals(status, call("GET", "/x", "If-Modified-Since", since).status());
    }

    @Test
    void tagTakesPrecedenceOverDate() {
        String[] both = {"If-None-Match", "\"a\"", "If-Modified-Since", MODIFIED};
        assertEquals(200, call("GET", "/x", both).status());
    }

    @Test
    void otherMethodsAndStatusesAreNotConditional() {
        assertEquals(200, call("POST", "/x", "If-None-Match", "\"t\"").status());
        assertEquals(410, call("GET", "/gone", "If-None-Match", "\"t\"").status());
        assertEquals("410 gone", answer("/gone", "Range", "bytes=0-1"));
    }

    // ---- Ranges ----

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, 0, 0-0",
        "bytes=2-4, 234, 2-4",
        "bytes=7-, 789, 7-9",
        "bytes=7-99, 789, 7-9",
        "bytes=-3, 789, 7-9",
        "bytes=-99, 0123456789, 0-9",
        "bytes=0-, 0123456789, 0-9",
        "'bytes=9-999999999999999999', 9, 9-9"
    })
    void singleRangeIsAnsweredWith206(String range, String text, String contentRange) {
        assertEquals("206 " + text, answer("/x", "Range", range));
        Response response = call("GET", "/x", "Range", range);
        assertEquals("bytes " + contentRange + "/10", response.headers().get("Content-Range"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99-"})
    void rangeBeyondTheEndIsAnsweredWith416(String range) {
        Response response = call("GET", "/x", "Range", range);
        assertEquals("416 ", response.status() + " " + Calls.text(response));
        assertEquals("bytes */10", response.headers().get("Content-Range"));
        assertNull(response.headers().get("Content-Type"));
        assertEquals("416 ", answer("/empty", "Range", "bytes=0-"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=0-1,3-4",
                "bytes=4-2",
                "bytes=-",
                "bytes=a-b",
                "bytes=",
                "lines=0-1",
                "bytes=0-99999999999999999999",
                "bytes=--1"
            })
    void otherRangeHeadersGetTheWholeBody(String range) {
        assertEquals("200 0123456789", answer("/x", "Range", range));
    }

    @Test
    void rangesNeedGetAndATag() {
        assertEquals(200, call("HEAD", "/x", "Range", "bytes=0-1").status());
        assertEquals(200, call("POST", "/x", "Range", "bytes=0-1").status());
        assertEquals("200 0123456789", answer("/bare", "Range", "bytes=0-1"));
    }

    @Test
    void rangeOfAnotherVersionGetsTheWholeBody() {
        assertEquals("206 01", answer("/x", "Range", "bytes=0-1", "If-Range", "\"t\""));
        assertEquals("200 0123456789", answer("/x", "Range", "bytes=0-1", "If-Range", "\"old\""));
        assertEquals(
                "200 0123456789", answer("/weak", "Range", "bytes=0-1", "If-Range", "W/\"t\""));
    }

    @Test
    void fileRangeIsNotReadIntoMemory(@TempDir Path folder) throws Exception {
        Path path = Files.writeString(folder.resolve("a.txt"), "0123456789");
        app.get("/file", request -> Response.file(path));
        Response response = call("GET", "/file", "Range", "bytes=3-5");
        assertEquals(206, response.status());
        assertEquals(new Body.File(path, 3, 3), response.body());
        assertInstanceOf(Body.File.class, call("HEAD", "/file").body());
    }
}
