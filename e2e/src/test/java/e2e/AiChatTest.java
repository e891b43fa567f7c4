package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The npm package ai chats with examples/aichat. */
@Timeout(180)
class AiChatTest {
    private static final String ANSWER = "You said: tell me. " + "And so on. ".repeat(20);

    private static @Nullable Program program;

    @BeforeAll
    static void start() {
        program = Program.start("examples/aichat/AiChat.java");
    }

    @AfterAll
    static void stop() throws Exception {
        program().close();
    }

    private static Program program() {
        return java.util.Objects.requireNonNull(program);
    }

    /** Starts the client; it sends the texts, or resumes without one. */
    private static Child client(int port, String user, String chat, String... text) {
        String api = "http://localhost:" + port + "/api/chat";
        String[] arguments = {api, user, chat, text.length == 0 ? "" : text[0]};
        return Child.node(
                "clients/ai.mjs",
                text.length == 0 ? java.util.Arrays.copyOf(arguments, 3) : arguments);
    }

    private static Child send(String chat, String text) {
        return client(program().port(), "ann-1", chat, text);
    }

    private static Child resume(String chat) {
        return client(program().port(), "ann-1", chat);
    }

    /** What the client prints last. */
    record End(String end, String error, String reason, int cuts, List<String> answers) {
        static End of(Child client) {
            String line = client.await("{\"end\":");
            return JsonCodec.standard().decode(line.getBytes(StandardCharsets.UTF_8), End.class);
        }
    }

    private static void assertWhole(Child client) {
        assertEquals(new End("ready", "", "stop", 0, List.of(ANSWER)), End.of(client));
    }

    @Test
    void secondTabAndRefreshShowTheAnswerWhole() throws Exception {
        try (Child first = send("c1", "tell me")) {
            first.await("assistant");
            try (Child tab = resume("c1")) {
                tab.await("assistant");
                first.kill(); // The page is refreshed.
                try (Child refreshed = resume("c1")) {
                    assertWhole(refreshed);
                }
                assertWhole(tab);
            }
        }
        try (Child late = resume("c1")) {
            assertWhole(late);
        }
        String messages = get("/api/chat/c1", "ann-1");
        assertTrue(messages.contains("\"text\":\"" + ANSWER + "\""), messages);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 190, 1000})
    void answerIsWholeAfterCuts(int bytes) throws Exception {
        try (var cutter = new Cutter(program().port(), bytes, 4);
                Child client = client(cutter.port(), "ann-1", "cut" + bytes, "tell me")) {
            assertEquals(new End("ready", "", "stop", 4, List.of(ANSWER)), End.of(client));
            assertEquals(4, cutter.cuts());
        }
    }

    @Test
    void stoppedAnswerEnds() throws Exception {
        try (Child client = send("c2", "tell me")) {
            client.await("assistant");
            assertEquals(204, delete("/api/chat/c2/stream", "ann-1"));
            End end = End.of(client);
            assertEquals("ready", end.end());
            assertTrue(ANSWER.startsWith(end.answers().getFirst()), end.toString());
            assertTrue(end.answers().getFirst().length() < ANSWER.length(), end.toString());
            assertEquals(404, delete("/api/chat/c2/stream", "ann-1"));
        }
    }

    @Test
    void failureAndLimitEndTheAnswerWithAnError() throws Exception {
        for (Map.Entry<String, String> end :
                Map.of(
                                " ", "The model failed. Try again.",
                                "LONG", "The answer is too long.")
                        .entrySet()) {
            try (Child client = send("c3", end.getKey())) {
                assertError(end.getValue(), End.of(client));
            }
            try (Child tab = resume("c3")) {
                assertError(end.getValue(), End.of(tab));
            }
        }
    }

    private static void assertError(String error, End end) {
        assertEquals("error", end.end());
        assertEquals(error, end.error());
    }

    @Test
    void serverThatClosesEndsTheAnswerWithAnError() throws Exception {
        try (Program own = Program.start("examples/aichat/AiChat.java");
                Child client = client(own.port(), "ann-1", "c4", "tell me")) {
            client.await("assistant");
            own.terminate();
            assertError("The server has restarted. Try again.", End.of(client));
        }
    }

    @Test
    void strangerGetsNothingOfTheChat() throws Exception {
        try (Child client = send("c5", "tell me")) {
            client.await("assistant");
            try (Child stranger = client(program().port(), "bob-2", "c5")) {
                assertEquals(new End("ready", "", "", 0, List.of()), End.of(stranger));
            }
            assertEquals("[]", get("/api/chat/c5", "bob-2"));
            assertEquals(404, delete("/api/chat/c5/stream", "bob-2"));
            assertWhole(client);
        }
    }

    private static String get(String path, String user) throws Exception {
        return send(HttpRequest.newBuilder(), path, user).body();
    }

    private static int delete(String path, String user) throws Exception {
        return send(HttpRequest.newBuilder().DELETE(), path, user).statusCode();
    }

    private static java.net.http.HttpResponse<String> send(
            HttpRequest.Builder request, String path, String user) throws Exception {
        URI address = URI.create("http://localhost:" + program().port() + path);
        request.uri(address).header("Cookie", "token=" + user);
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request.build(), BodyHandlers.ofString());
        }
    }
}
