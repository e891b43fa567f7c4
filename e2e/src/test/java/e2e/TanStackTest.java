package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The npm package @tanstack/ai-client chats with examples/tanstack. */
@Timeout(180)
class TanStackTest {
    private static final String ANSWER = "You said: tell me. " + "And so on. ".repeat(20);
    private static final Pattern RUN = Pattern.compile("\"runId\":\"([^\"]+)\"");

    private static @Nullable Program program;

    @TempDir Path folder;

    @BeforeAll
    static void start() {
        program = Program.start("examples/tanstack/TanStack.java");
    }

    @AfterAll
    static void stop() throws Exception {
        program().close();
    }

    private static Program program() {
        return java.util.Objects.requireNonNull(program);
    }

    private Child client(int port, String user, String... text) {
        String[] all = {"http://localhost:" + port + "/api/chat", user, store().toString(), ""};
        if (text.length == 0) {
            return Child.node("clients/tanstack.mjs", java.util.Arrays.copyOf(all, 3));
        }
        all[3] = text[0];
        return Child.node("clients/tanstack.mjs", all);
    }

    private Child send(String text) {
        return client(program().port(), "ann-1", text);
    }

    private Child rejoin(String user) {
        return client(program().port(), user);
    }

    private Path store() {
        return folder.resolve("store.json");
    }

    /** The id of the run that is under way, which the client has chosen and stored. */
    private String run() throws Exception {
        Matcher found = RUN.matcher(Files.readString(store()));
        assertTrue(found.find(), Files.readString(store()));
        return found.group(1);
    }

    /** What the client prints last. */
    record End(String end, String error, int requests, int finished, List<String> answers) {
        static End of(Child client) {
            String line = client.await("{\"end\":");
            return JsonCodec.standard().decode(line.getBytes(StandardCharsets.UTF_8), End.class);
        }
    }

    private static void assertWhole(End end) {
        assertEquals("ready", end.end(), end.toString());
        assertEquals(List.of(ANSWER), end.answers());
    }

    @ParameterizedTest
    @ValueSource(ints = {260, 333, 1000})
    void answerIsWholeThroughAProxyThatCuts(int bytes) throws Exception {
        try (var cutter = new Cutter(program().port(), bytes, Integer.MAX_VALUE);
                Child client = client(cutter.port(), "ann-1", "tell me")) {
            End end = End.of(client);
            assertWhole(end);
            assertEquals(1, end.finished());
            assertTrue(cutter.cuts() >= 3, "cuts: " + cutter.cuts());
            assertTrue(end.requests() >= cutter.cuts(), end.requests() + " requests");
        }
    }

    @Test
    void secondTabAndRefreshShowTheAnswerWhole() throws Exception {
        try (Child first = send("tell me")) {
            first.await("You said: ");
            try (Child tab = rejoin("ann-1")) {
                tab.await("You said: ");
                first.kill(); // The page is refreshed.
                try (Child refreshed = rejoin("ann-1")) {
                    assertWhole(End.of(refreshed));
                }
                assertWhole(End.of(tab));
            }
        }
    }

    @Test
    void refreshThroughAProxyThatCutsShowsTheAnswerWhole() throws Exception {
        try (Child first = send("tell me");
                var cutter = new Cutter(program().port(), 300, Integer.MAX_VALUE)) {
            first.await("You said: ");
            first.kill();
            try (Child refreshed = client(cutter.port(), "ann-1")) {
                assertWhole(End.of(refreshed));
                assertTrue(cutter.cuts() >= 3, "cuts: " + cutter.cuts());
            }
        }
    }

    @Test
    void stoppedAnswerEndsWithAnError() throws Exception {
        try (Child client = send("tell me")) {
            client.await("You said: ");
            String path = "/api/chat?runId=" + run();
            assertEquals(404, status("DELETE", path, "bob-2"));
            assertEquals(204, status("DELETE", path, "ann-1"));
            assertError("The answer was stopped.", End.of(client));
        }
    }

    @Test
    void failureAndLimitEndTheAnswerWithAnError() throws Exception {
        try (Child client = send("LONG")) {
            assertError("The answer is too long.", End.of(client));
        }
        // Blank for Java, for which the model fails, and not for JavaScript.
        try (Child client = send("\u001f")) {
            assertError("The model failed. Try again.", End.of(client));
        }
    }

    @Test
    void serverThatClosesEndsTheAnswerWithAnError() throws Exception {
        try (Program own = Program.start("examples/tanstack/TanStack.java");
                Child client = client(own.port(), "ann-1", "tell me")) {
            client.await("You said: ");
            own.terminate();
            assertError("The server has restarted. Try again.", End.of(client));
        }
    }

    private static void assertError(String error, End end) {
        assertEquals("error", end.end(), end.toString());
        assertEquals(error, end.error());
    }

    @Test
    void strangerWithTheIdOfTheRunGetsNothing() throws Exception {
        try (Child client = send("tell me")) {
            client.await("You said: ");
            String path = "/api/chat?offset=-1&runId=" + run();
            assertEquals(404, status("GET", path, "bob-2"));
            assertEquals(401, status("GET", path, "eve"));
            assertEquals(400, status("GET", "/api/chat?runId=../ann/" + run(), "bob-2"));
            assertWhole(End.of(client));
        }
    }

    private static int status(String method, String path, String user) throws Exception {
        var request =
                HttpRequest.newBuilder(URI.create("http://localhost:" + program().port() + path))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .header("Cookie", "token=" + user);
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request.build(), BodyHandlers.discarding()).statusCode();
        }
    }
}
