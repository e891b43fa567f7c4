package microdot;

import static microdot.Calls.answer;
import static microdot.Calls.call;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ErrorHandlersTest {
    private final Microdot app = new Microdot();

    private void fails(String path, Exception error) {
        app.get(
                path,
                request -> {
                    throw error;
                });
    }

    @Test
    void exceptionIsAnsweredWith500WithoutItsMessage() {
        fails("/x", new IllegalStateException("secret"));
        try (var log = new Logged("microdot")) {
            assertEquals("500 Internal Server Error", answer(app, "/x"));
            assertEquals("[GET /x failed]", log.messages().toString());
        }
    }

    @Test
    void errorIsAnsweredWith500() {
        app.get(
                "/x",
                request -> {
                    throw new StackOverflowError();
                });
        assertEquals("500 Internal Server Error", answer(app, "/x"));
    }

    @Test
    void httpExceptionIsAnsweredWithItsStatusAndMessage() {
        fails("/plain", new HttpException(404));
        fails("/said", new HttpException(422, "no such colour"));
        try (var log = new Logged("microdot")) {
            assertEquals("404 Not Found", answer(app, "/plain"));
            assertEquals("422 no such colour", answer(app, "/said"));
            assertTrue(log.messages().isEmpty());
        }
        assertThrows(IllegalArgumentException.class, () -> new HttpException(399));
        assertThrows(IllegalArgumentException.class, () -> new HttpException(600, ""));
    }

    @Test
    void handlerOfAStatusAnswersWithThatStatus() {
        app.errorHandler(404, request -> "nothing at " + request.path());
        app.errorHandler(405, request -> Map.of("error", "method"));
        app.errorHandler(500, request -> Response.text("sorry").status(503));
        app.errorHandler(403, request -> 418);
        app.get("/x", request -> "");
        fails("/fails", new IOException());
        fails("/forbidden", new HttpException(403));
        assertEquals("404 nothing at /y", answer(app, "/y"));
        assertEquals("405 {\"error\":\"method\"}", answer(app, "POST", "/x"));
        assertEquals("GET, HEAD, OPTIONS", call(app, "POST", "/x").headers().get("Allow"));
        assertEquals("503 sorry", answer(app, "/fails"));
        assertEquals("418 I'm a Teapot", answer(app, "/forbidden"));
    }

    @Test
    void statusReturnedByAHandlerIsNotAnError() {
        app.errorHandler(401, request -> "asked for");
        app.get("/x", request -> 401);
        assertEquals("401 Unauthorized", answer(app, "/x"));
    }

    @Test
    void handlerOfTheMostSpecificClassAnswers() {
        app.errorHandler(Exception.class, (request, error) -> "any");
        app.errorHandler(IOException.class, (request, error) -> "io " + error.getMessage());
        fails("/file", new FileNotFoundException("f"));
        fails("/unchecked", new UncheckedIOException(new IOException("u")));
        assertEquals("500 io f", answer(app, "/file"));
        assertEquals("500 any", answer(app, "/unchecked"));
    }

    @Test
    void statusIsMoreSpecificThanRuntimeException() {
        app.errorHandler(RuntimeException.class, (request, error) -> "any");
        app.errorHandler(404, request -> "status");
        fails("/teapot", new HttpException(418));
        assertEquals("404 status", answer(app, "/y"));
        assertEquals("418 any", answer(app, "/teapot"));
        app.errorHandler(HttpException.class, (request, error) -> "http " + error.status());
        assertEquals("404 http 404", answer(app, "/y"));
    }

    @Test
    void errorHandlerOfMountedApplicationAnswersFirst() {
        var inner = new Microdot().errorHandler(IOException.class, (request, error) -> "inner");
        inner.get(
                "/io",
                request -> {
                    throw new FileNotFoundException();
                });
        inner.get(
                "/state",
                request -> {
                    throw new IllegalStateException();
                });
        app.mount("/in", inner);
        app.errorHandler(Exception.class, (request, error) -> "outer");
        assertEquals("500 inner", answer(app, "/in/io"));
        assertEquals("500 outer", answer(app, "/in/state"));
    }

    @Test
    void failingErrorHandlerIsAnsweredWith500AndBothErrorsAreLogged() {
        app.errorHandler(
                404,
                request -> {
                    throw new IllegalStateException("second");
                });
        try (var log = new Logged("microdot")) {
            assertEquals("500 Internal Server Error", answer(app, "/y"));
            Throwable logged = log.thrown().getFirst();
            assertEquals("second", logged.getMessage());
            assertEquals("Not Found", logged.getSuppressed()[0].getMessage());
        }
    }

    @Test
    void statusOutOfRangeIsRejected() {
        assertThrows(IllegalArgumentException.class, () -> app.errorHandler(99, request -> ""));
    }
}
