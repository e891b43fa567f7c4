package microdot;

import static microdot.Calls.answer;
import static microdot.Calls.call;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
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
    void httpExceptionTellsClientWhenToTryAgain() {
        fails("/x", new HttpException(503, null, Duration.ofMillis(1500)));
        fails("/now", new HttpException(429, "slowly", Duration.ZERO));
        fails("/never", new HttpException(503, "no"));
        assertEquals("2", call(app, "/x").headers().get("Retry-After"));
        assertEquals("0", call(app, "/now").headers().get("Retry-After"));
        assertNull(call(app, "/never").headers().get("Retry-After"));
        app.errorHandler(503, (request, error) -> "busy");
        assertEquals("503 busy", answer(app, "/x"));
        assertEquals("2", call(app, "/x").headers().get("Retry-After"));
        app.errorHandler(
                429, (request, error) -> Response.text("slower").header("retry-after", "9"));
        assertEquals("9", call(app, "/now").headers().get("Retry-After"));
        assertThrows(
                IllegalArgumentException.class,
                () -> new HttpException(503, null, Duration.ofMillis(-1)));
    }

    @Test
    void errorHandlerMayThrowAStatus() {
        fails("/x", new NumberFormatException("x"));
        app.errorHandler(
                NumberFormatException.class,
                (request, error) -> {
                    throw new HttpException(400, "no number");
                });
        try (var log = new Logged("microdot")) {
            assertEquals("400 no number", answer(app, "/x"));
            assertEquals(List.of(), log.messages());
        }
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
        app.errorHandler(422, request -> Response.html("<h1>no</h1>").header("X-Page", "1"));
        app.get("/x", request -> "");
        fails("/fails", new IOException());
        fails("/forbidden", new HttpException(403));
        fails("/page", new HttpException(422));
        assertEquals("404 nothing at /y", answer(app, "/y"));
        assertEquals("405 {\"error\":\"method\"}", answer(app, "POST", "/x"));
        assertEquals("GET, HEAD, OPTIONS", call(app, "POST", "/x").headers().get("Allow"));
        assertEquals("503 sorry", answer(app, "/fails"));
        assertEquals("418 I'm a Teapot", answer(app, "/forbidden"));
        assertEquals("422 <h1>no</h1>", answer(app, "/page"));
    }

    @Test
    void failureIsLoggedOnceWhoeverAnswers() {
        app.errorHandler(500, request -> Map.of("error", "sorry"));
        app.errorHandler(IOException.class, (request, error) -> Response.text("io"));
        app.errorHandler(NumberFormatException.class, (request, error) -> 400);
        fails("/status", new IllegalStateException());
        fails("/class", new IOException());
        fails("/client", new NumberFormatException());
        fails("/said", new HttpException(503, "later"));
        try (var log = new Logged("microdot")) {
            assertEquals("500 {\"error\":\"sorry\"}", answer(app, "/status"));
            assertEquals("500 io", answer(app, "/class"));
            assertEquals("400 Bad Request", answer(app, "/client"));
            assertEquals("503 later", answer(app, "/said"));
            assertEquals(List.of("GET /status failed", "GET /class failed"), log.messages());
        }
    }

    @Test
    void handlerOfAStatusMayTakeTheException() {
        app.errorHandler(500, (request, error) -> "failed: " + error.getMessage());
        app.errorHandler(404, (request, error) -> "status " + ((HttpException) error).status());
        fails("/x", new IllegalStateException("it"));
        try (var log = new Logged("microdot")) {
            assertEquals("500 failed: it", answer(app, "/x"));
            assertEquals(1, log.messages().size());
        }
        assertEquals("404 status 404", answer(app, "/none"));
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

    private static final class Teapot extends HttpException {
        private static final long serialVersionUID = 1;

        Teapot() {
            super(418);
        }
    }

    @Test
    void httpExceptionGoesToTheHandlerOfItsClassOrItsStatusOnly() {
        app.errorHandler(Exception.class, (request, error) -> "any");
        app.errorHandler(RuntimeException.class, (request, error) -> "any");
        fails("/teapot", new Teapot());
        fails("/said", new HttpException(418, "said"));
        app.post("/json", request -> request.json(int[].class));
        assertEquals("418 I'm a Teapot", answer(app, "/teapot"));
        assertEquals(400, call(app, "POST", "/json").status());
        app.errorHandler(HttpException.class, (request, error) -> "http " + error.getMessage());
        assertEquals("404 http Not Found", answer(app, "/y"));
        assertEquals("418 http said", answer(app, "/said"));
        app.errorHandler(418, request -> "status");
        assertEquals("418 status", answer(app, "/said"));
        app.errorHandler(Teapot.class, (request, error) -> "teapot");
        assertEquals("418 teapot", answer(app, "/teapot"));
        assertEquals("418 status", answer(app, "/said"));
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
    void statusThatIsNoErrorIsRejected() {
        for (int status : new int[] {99, 200, 302, 399, 600}) {
            assertThrows(
                    IllegalArgumentException.class, () -> app.errorHandler(status, request -> ""));
        }
    }

    @Test
    void exceptionWithoutAnErrorStatusSaysWhatToUse() {
        var error = assertThrows(IllegalArgumentException.class, () -> new HttpException(302));
        assertEquals(
                "status: 302 (expected: an error, 400 to 599; return Response.redirect from the"
                        + " handler for others)",
                error.getMessage());
    }

    @Test
    void secondErrorHandlerOfAStatusOrAClassIsRefused() {
        app.errorHandler(404, request -> "a").errorHandler(RuntimeException.class, (r, e) -> "a");
        assertEquals(
                "status: 404 (expected: one error handler; this has one already)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> app.errorHandler(404, request -> "b"))
                        .getMessage());
        assertEquals(
                "class: java.lang.RuntimeException (expected: one error handler; this has one"
                        + " already)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> app.errorHandler(RuntimeException.class, (r, e) -> "b"))
                        .getMessage());
        assertEquals("404 a", Calls.answer(app, "/none"));
    }
}
