package microdot;

import static microdot.Calls.get;
import static microdot.Calls.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import microdot.internal.NonBlockingHandler;
import org.junit.jupiter.api.Test;

class CallTest {
    private final Microdot app = new Microdot();
    private final NonBlocking nonBlocking = new NonBlocking();
    private int hooksRun;
    private boolean mayBlock;

    /** Answers with the part of the path that its route names, or fails as the query wants it. */
    private final class NonBlocking implements Handler {
        static {
            NonBlockingHandler.register(
                    NonBlocking.class, (handler, request) -> handler.mayBlock());
        }

        private int calls;

        private boolean mayBlock() {
            return mayBlock;
        }

        @Override
        public Object handle(Request request) {
            calls++;
            if (request.query("fail") != null) {
                throw new HttpException(418);
            }
            if (request.query("break") != null) {
                throw new AssertionError("as the test wants it");
            }
            return request.param("name");
        }
    }

    private static String answer(Call call) {
        Response response = call.run();
        return response.status() + " " + text(response);
    }

    @Test
    void nonBlockingHandlerAnswersWithoutBlocking() {
        app.get("/{name}", nonBlocking);
        Call call = app.route(get("/x"));
        assertFalse(call.mayBlock());
        assertEquals("200 x", answer(call));
        assertEquals(1, nonBlocking.calls);
    }

    @Test
    void nonBlockingHandlerOfMountedApplicationAnswersWithoutBlocking() {
        app.mount("/in", new Microdot().get("/{name}", nonBlocking));
        Call call = app.route(get("/in/x"));
        assertFalse(call.mayBlock());
        assertEquals("200 x", answer(call));
    }

    @Test
    void handlerThatMayBlockWaitsForRun() {
        app.get("/{name}", nonBlocking);
        mayBlock = true;
        Call call = app.route(get("/x"));
        assertTrue(call.mayBlock());
        assertEquals(0, nonBlocking.calls);
        assertEquals("200 x", answer(call));
        assertEquals(1, nonBlocking.calls);
    }

    @Test
    void handlerOfAnApplicationMayAlwaysBlock() {
        app.get("/x", request -> ++hooksRun);
        assertTrue(app.route(get("/x")).mayBlock());
        assertEquals(0, hooksRun);
    }

    @Test
    void hooksRunOnlyInRun() {
        app.get("/{name}", nonBlocking);
        app.mount(
                "/in",
                new Microdot().get("/{name}", nonBlocking).afterRequest((q, r) -> hooksRun++));
        Call mounted = app.route(get("/in/x"));
        assertTrue(mounted.mayBlock());
        app.beforeRequest(
                request -> {
                    hooksRun++;
                    return null;
                });
        Call call = app.route(get("/x"));
        assertTrue(call.mayBlock());
        assertEquals(0, hooksRun);
        assertEquals(0, nonBlocking.calls);
        assertEquals("200 x", answer(call));
        assertEquals(1, hooksRun);
        assertEquals(1, nonBlocking.calls);
    }

    @Test
    void hookAddedAfterTheResponseIsReadyDoesNotRun() {
        app.get("/{name}", nonBlocking);
        Call call = app.route(get("/x"));
        app.beforeRequest(request -> hooksRun++).afterRequest((q, r) -> hooksRun++);
        assertFalse(call.mayBlock());
        assertEquals("200 x", answer(call));
        assertEquals(0, hooksRun);
    }

    @Test
    void requestWithoutARouteIsAnsweredWithoutBlocking() {
        app.get("/x", request -> "");
        app.mount("/in", new Microdot().errorHandler(404, request -> "handled"));
        for (String target : List.of("/none", "/in2")) {
            Call call = app.route(get(target));
            assertFalse(call.mayBlock());
            assertEquals("404 Not Found", answer(call));
        }
        assertFalse(app.route(Calls.request("POST", "/x", "")).mayBlock());
        assertFalse(app.route(Calls.request("OPTIONS", "/x", "")).mayBlock());
        Call call = app.route(get("/in/none"));
        assertTrue(call.mayBlock()); // Code of the application answers.
        assertEquals("404 handled", answer(call));
    }

    @Test
    void handlerOfAClientThatHasLeftDoesNotStart() {
        app.get("/x", request -> ++hooksRun);
        Call call = app.route(get("/x"));
        call.clientLeft(Runnable::run, false);
        Response response = call.run();
        assertEquals(499, response.status());
        assertEquals("", Calls.text(response)); // Nobody gets a text, and none is counted.
        assertEquals(0, hooksRun);
    }

    @Test
    void requestIsRoutedOnce() {
        app.get("/x", request -> "first");
        Call call = app.route(get("/x"));
        Call missing = app.route(get("/y"));
        app.get("/y", request -> "too late");
        assertEquals("200 first", answer(call));
        assertEquals("404 Not Found", answer(missing));
        assertEquals("200 too late", answer(app.route(get("/y"))));
    }

    @Test
    void nonBlockingHandlerThatThrowsRunsOnceAndItsErrorHandlerMayBlock() {
        app.get("/{name}", nonBlocking)
                .errorHandler(
                        418,
                        request -> {
                            hooksRun++;
                            return "handled";
                        });
        Call call = app.route(get("/x?fail"));
        assertTrue(call.mayBlock());
        assertEquals(0, hooksRun);
        assertEquals("418 handled", answer(call));
        assertEquals(1, nonBlocking.calls);
    }

    @Test
    void nonBlockingHandlerThatBreaksIsLoggedAndAnsweredWith500() {
        app.get("/{name}", nonBlocking);
        try (var logged = new Logged("microdot")) {
            Call call = app.route(get("/x?break"));
            assertTrue(call.mayBlock());
            assertEquals("500 Internal Server Error", answer(call));
            assertEquals(1, nonBlocking.calls);
            assertEquals(List.of("GET /x failed"), logged.messages());
        }
    }
}
