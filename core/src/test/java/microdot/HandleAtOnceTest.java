package microdot;

import static microdot.Calls.get;
import static microdot.Calls.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HandleAtOnceTest {
    private final Microdot app = new Microdot();
    private int calls;

    /** Says that it does not block. */
    private final Handler prompt =
            new Handler() {
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

                @Override
                public boolean mayBlock() {
                    return false;
                }
            };

    private @Nullable String atOnce(String target) {
        Response response = app.handleAtOnce(get(target));
        return response == null ? null : response.status() + " " + text(response);
    }

    @Test
    void aHandlerThatDoesNotBlockAnswers() {
        app.get("/{name}", prompt);
        assertEquals("200 x", atOnce("/x"));
    }

    @Test
    void soDoesOneOfAMountedApplication() {
        app.mount("/in", new Microdot().get("/{name}", prompt));
        assertEquals("200 x", atOnce("/in/x"));
    }

    @Test
    void oneThatMayBlockIsNotCalled() {
        app.get("/x", request -> ++calls);
        assertNull(atOnce("/x"));
        assertEquals(0, calls);
    }

    @Test
    void whereHooksAreItIsNotCalled() {
        app.get("/{name}", prompt);
        app.mount("/in", new Microdot().get("/{name}", prompt).afterRequest((q, r) -> calls++));
        assertNull(atOnce("/in/x"));
        app.beforeRequest(request -> ++calls);
        assertNull(atOnce("/x"));
        assertEquals(0, calls);
    }

    @Test
    void nobodyAnswersWhatIsNotThere() {
        assertNull(atOnce("/x"));
    }

    @Test
    void aFailureIsForTheErrorHandlersWhichMayBlock() {
        app.get("/{name}", prompt).errorHandler(418, request -> "handled");
        assertNull(atOnce("/x?fail"));
        assertEquals("418 handled", Calls.answer(app, "/x?fail"));
        assertEquals(2, calls);
    }

    @Test
    void soIsAnError() {
        app.get("/{name}", prompt);
        assertNull(atOnce("/x?break"));
    }
}
