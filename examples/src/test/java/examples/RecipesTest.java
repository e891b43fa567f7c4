package examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The programs of the recipes in docs/guide/recipes. */
@Timeout(120)
class RecipesTest {
    private static final String[] ANN = {"Cookie", "token=ann-1"};
    private static final String[] BOB = {"Cookie", "token=bob-2"};
    private static final String[] EVE = {"Cookie", "token=eve-3"};

    @Test
    void phoneShowsDetectionsWithTheirPicture() throws Exception {
        try (Example phone = Example.start("phone/Phone.java")) {
            assertTrue(phone.get("/").body().contains("new EventSource('/detections')"));
            List<String> lines = phone.lines("/detections", 3);
            assertEquals("event: detection", lines.get(0));
            assertTrue(
                    lines.get(2).endsWith("\"y\":100,\"width\":40,\"height\":40}"), lines.get(2));
            var picture = phone.get("/picture");
            assertEquals("image/png", picture.headers().firstValue("Content-Type").orElseThrow());
            assertTrue(picture.body().contains("PNG"));
        }
    }

    @Test
    void boardGivesNewPageTheSnapshotThenChanges() throws Exception {
        try (Example board = Example.start("board/Board.java")) {
            assertTrue(board.get("/").body().contains("EventSource"));
            assertEquals(204, board.post("/sensors/kitchen", "21.5").statusCode());
            assertEquals(400, board.post("/sensors/kitchen", "warm").statusCode());
            try (var page = board.open("/events")) {
                await("event: snapshot", page);
                await("data: {\"kitchen\":21.5}", page);
                board.post("/sensors/attic", "30");
                await("event: reading", page);
                await("data: {\"sensor\":\"attic\",\"value\":30.0}", page);
            }
        }
    }

    @Test
    void jobGoesOnWithoutItsClientAndIsStopped() throws Exception {
        try (Example jobs = Example.start("jobs/Jobs.java")) {
            assertTrue(jobs.get("/").body().contains("EventSource"));
            assertEquals(404, jobs.get("/jobs/report").statusCode());
            assertEquals(202, jobs.post("/jobs/report", "").statusCode());
            assertEquals(202, jobs.post("/jobs/report", "").statusCode());
            for (int tab = 0; tab < 2; tab++) {
                List<String> lines = jobs.lines("/jobs/report", 3);
                assertEquals("event: progress", lines.get(0));
                assertEquals("data: {\"done\":1,\"of\":20}", sorted(lines.get(2)));
            }
            assertEquals(204, jobs.send("DELETE", "/jobs/report", "").statusCode());
            String all = jobs.get("/jobs/report").body();
            assertTrue(all.contains("event: run-stopped\n"), all);
            assertTrue(all.contains("data: stopped\n"), all);
            assertEquals(404, jobs.send("DELETE", "/jobs/report", "").statusCode());
        }
    }

    /** The order of the keys of Map.of differs from process to process. */
    private static String sorted(String progress) {
        return progress.replace("{\"of\":20,\"done\":1}", "{\"done\":1,\"of\":20}");
    }

    @Test
    void answerSurvivesRefreshAndRepeatedRequest() throws Exception {
        try (Example answers = Example.start("answers/Answers.java")) {
            assertTrue(answers.get("/").body().contains("Run-Id"));
            String lastId;
            try (var page = answers.openPost("/chat", "hello")) {
                await("event: token", page);
                lastId = page.readLine().substring("id: ".length());
                await("data: said: ", page);
            }
            String id = lastId.substring(lastId.indexOf('.') + 1, lastId.indexOf('-'));
            String rest = answers.send("POST", "/chat", "hello", "Last-Event-ID", lastId).body();
            assertTrue(rest.startsWith("event: token\nid: "), rest);
            assertTrue(rest.contains("\ndata: said: \n"), rest);
            String all = answers.get("/chat/" + id).body();
            assertTrue(all.contains("\ndata: You \n"), all);
            assertTrue(all.contains(rest.substring(0, rest.indexOf("event: checkpoint"))), all);
            assertEquals(404, answers.send("DELETE", "/chat/" + id, "").statusCode());
            String failed = answers.post("/chat", " ").body();
            assertTrue(failed.contains("event: run-error\n"), failed);
            assertTrue(failed.contains("data: The model failed. Try again.\n"), failed);
        }
    }

    @Test
    void aiChatSendsWhatItsClientReads() throws Exception {
        try (Example chat = Example.start("aichat/AiChat.java")) {
            String post =
                    """
                    {"id": "c", "trigger": "submit-message", "messages":
                     [{"id": "m", "role": "user", "parts": [{"type": "text", "text": "%s"}]}]}
                    """;
            assertEquals(401, chat.post("/api/chat", post.formatted("hello")).statusCode());
            var none = chat.send("POST", "/api/chat", "{\"id\":\"c\"}", ANN);
            assertEquals(400, none.statusCode());
            assertEquals(204, chat.send("GET", "/api/chat/c/stream", "", ANN).statusCode());
            var answer = chat.send("POST", "/api/chat", post.formatted("hello"), ANN);
            var version = answer.headers().firstValue("x-vercel-ai-ui-message-stream");
            assertEquals("v1", version.orElseThrow());
            assertTrue(answer.body().contains("\"delta\":\"hello. \""), answer.body());
            assertTrue(answer.body().contains("data: [DONE]\n\n"), answer.body());
            assertTrue(!answer.body().contains("checkpoint"), answer.body());
            assertTrue(
                    chat.send("GET", "/api/chat/c", "", ANN).body().contains("You said: hello. "));
            assertEquals("[]", chat.send("GET", "/api/chat/c", "", BOB).body());
            String failed = chat.send("POST", "/api/chat", post.formatted(" "), ANN).body();
            assertTrue(failed.contains("The model failed. Try again."), failed);
            assertTrue(failed.contains("data: [DONE]\n\n"), failed);
        }
    }

    @Test
    void tanStackChatResumesTheRunThatItsClientNamed() throws Exception {
        try (Example chat = Example.start("tanstack/TanStack.java")) {
            String hello =
                    """
                    {"threadId": "t", "runId": "r1", "messages": [{"id": "m", "role": "user", "content": "hello"}]}
                    """;
            String[] named = {"Cookie", "token=ann-1", "X-Run-Id", "r1"};
            assertEquals(401, chat.post("/api/chat", hello).statusCode());
            assertEquals(400, chat.send("POST", "/api/chat", hello, ANN).statusCode());
            assertEquals(404, chat.send("GET", "/api/chat?runId=r1", "", ANN).statusCode());
            String all = chat.send("POST", "/api/chat", hello, named).body();
            assertTrue(all.contains("\"delta\":\"hello. \""), all);
            assertTrue(all.contains("data: [DONE]\n\n"), all);
            String joined = chat.send("GET", "/api/chat?runId=r1&offset=-1", "", ANN).body();
            assertEquals(withoutRetry(all), withoutRetry(joined));
            assertEquals(404, chat.send("GET", "/api/chat?runId=r1", "", BOB).statusCode());
            String first = all.substring("id: ".length(), all.indexOf('\n'));
            String[] again = {"Cookie", "token=ann-1", "X-Run-Id", "r1", "Last-Event-ID", first};
            String rest = chat.send("POST", "/api/chat", hello, again).body();
            assertEquals(withoutRetry(all).substring(all.indexOf("\n\n") + 2), withoutRetry(rest));
        }
    }

    private static String withoutRetry(String stream) {
        return stream.replaceAll("retry: \\d+\n\n", "");
    }

    @Test
    void abortOfTokenStreamStopsTheModel() throws Exception {
        try (Example tokens = Example.start("tokens/Tokens.java")) {
            assertTrue(tokens.get("/").body().contains("AbortController"));
            assertEquals(400, tokens.post("/chat", " ").statusCode());
            try (var answer = tokens.openPost("/chat", "hello")) {
                await("event: token", answer);
                await("data: hello. ", answer);
            }
            assertEquals("model stopped", nextOutput(tokens));
        }
    }

    @Test
    void liveTableGivesNewPageTheRowsThenChanges() throws Exception {
        try (Example table = Example.start("livetable/LiveTable.java")) {
            assertTrue(table.get("/").body().contains("EventSource"));
            assertEquals(204, table.post("/sensors/kitchen", "21.5").statusCode());
            assertEquals(400, table.post("/sensors/kitchen", "warm").statusCode());
            assertEquals(404, table.send("DELETE", "/sensors/hall", "").statusCode());
            try (var page = table.open("/events")) {
                await(
                        "data: {\"table\":\"sensors\",\"part\":1,\"of\":1,"
                                + "\"rows\":{\"kitchen\":{\"temp\":21.5}}}",
                        page);
                table.post("/sensors/hall", "19");
                await("event: put", page);
                assertEquals(204, table.send("DELETE", "/sensors/kitchen", "").statusCode());
                await("data: {\"table\":\"sensors\",\"key\":\"kitchen\"}", page);
            }
        }
    }

    @Test
    void presenceShowsWhoIsThere() throws Exception {
        try (Example room = Example.start("present/Present.java")) {
            assertTrue(room.get("/").body().contains("EventSource"));
            try (var watcher = room.open("/events")) {
                await("event: snapshot", watcher);
                try (var ann = room.open("/events?name=ann")) {
                    await(
                            "data: {\"table\":\"room/1\",\"key\":\"ann\","
                                    + "\"value\":{\"count\":1}}",
                            watcher);
                    room.post("/messages", "hi");
                    await("data: hi", ann);
                }
                await("data: {\"table\":\"room/1\",\"key\":\"ann\"}", watcher);
            }
        }
    }

    @Test
    void deviceGetsEachCommandOnce() throws Exception {
        String[] json = {"Accept", "application/json"};
        try (Example devices = Example.start("devices/Devices.java")) {
            String path = "/devices/pump/commands";
            String first = devices.send("GET", path, "", json).body();
            devices.post(path, "open");
            devices.post("/devices/lamp/commands", "on");
            String second = devices.send("GET", after(path, first), "", json).body();
            assertTrue(second.contains("\"event\":\"command\",\"data\":\"open\"}],"), second);
            assertTrue(second.endsWith("\"closed\":false,\"gap\":null}"), second);
            String third = devices.send("GET", after(path, second), "", json).body();
            assertTrue(third.startsWith("{\"events\":[],"), third);
        }
    }

    private static String after(String path, String answer) {
        return path + "?wait=1&after=" + answer.replaceAll(".*\"next\":\"([^\"]*)\".*", "$1");
    }

    @Test
    void roomIsForItsMembersOnly() throws Exception {
        try (Example rooms = Example.start("rooms/Rooms.java")) {
            assertEquals(401, rooms.get("/rooms/board/events").statusCode());
            assertEquals(403, rooms.send("GET", "/rooms/board/events", "", EVE).statusCode());
            assertEquals(403, rooms.send("POST", "/rooms/board/messages", "hi", EVE).statusCode());
            try (var bob = rooms.open("/rooms/board/events", BOB)) {
                rooms.send("POST", "/rooms/board/messages", "hello", ANN);
                await("data: {\"from\":\"ann\",\"text\":\"hello\"}", bob);
                // The stream is registered before its first event, so the removal finds it.
                rooms.send("DELETE", "/rooms/board/members/bob", "", ANN);
                awaitEnd(bob);
            }
            assertEquals(403, rooms.send("GET", "/rooms/board/events", "", BOB).statusCode());
        }
    }

    @Test
    void loginOpensTheStream() throws Exception {
        String[] form = {"Content-Type", "application/x-www-form-urlencoded"};
        try (Example login = Example.start("login/Login.java")) {
            assertEquals(401, login.get("/events").statusCode());
            assertTrue(login.get("/").body().contains("<title>Login</title>"));
            String wrong = "user=ann&password=open";
            assertEquals(401, login.send("POST", "/login", wrong, form).statusCode());
            var answer = login.send("POST", "/login", "user=ann&password=sesame", form);
            assertEquals(303, answer.statusCode());
            String set = answer.headers().firstValue("Set-Cookie").orElseThrow();
            String cookie = set.substring(0, set.indexOf(';'));
            List<String> lines = login.lines("/events", 1, "Cookie", cookie);
            assertEquals(List.of("data: ann 1"), lines);
            String page = login.send("GET", "/", "", "Cookie", cookie).body();
            assertTrue(page.contains("<title>Events</title>"));
        }
    }

    @Test
    void proxiedBelievesTheLastForwardedAddress() throws Exception {
        try (Example proxied = Example.start("proxied/Proxied.java")) {
            assertEquals("{\"client\":\"127.0.0.1\"}", proxied.get("/me").body());
            var answer = proxied.send("GET", "/me", "", "X-Forwarded-For", "1.2.3.4, 5.6.7.8");
            assertEquals("{\"client\":\"5.6.7.8\"}", answer.body());
            // HAProxy adds a field of its own after the client's.
            String[] two = {"X-Forwarded-For", "1.2.3.4", "X-Forwarded-For", "5.6.7.8"};
            assertEquals("{\"client\":\"5.6.7.8\"}", proxied.send("GET", "/me", "", two).body());
            assertTrue(proxied.lines("/events", 1).getFirst().startsWith("data: "));
        }
    }

    @Test
    void tabsGetTheNewestEventOfEachTopic() throws Exception {
        try (Example tabs = Example.start("tabs/Tabs.java")) {
            assertTrue(tabs.get("/").body().contains("/microdot.js"));
            assertTrue(tabs.get("/microdot.js").body().contains("BroadcastChannel"));
            assertEquals(204, tabs.post("/publish/news", "first").statusCode());
            assertEquals(204, tabs.post("/publish/news", "second").statusCode());
            List<String> lines = tabs.lines("/events", 3);
            assertEquals("event: news", lines.get(0));
            assertEquals("data: second", lines.get(2));
        }
    }

    @Test
    void childProcessEndsWithItsClient(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("app.log"), "started\n");
        try (Example logFile = Example.start("logfile/LogFile.java", file.toString())) {
            try (var log = logFile.open("/log")) {
                await("data: started", log);
            }
            assertEquals("log closed", nextOutput(logFile));
        }
    }

    /** The next line that the program printed after its addresses. */
    static String nextOutput(Example example) throws IOException {
        String line = example.line();
        while (line.startsWith("http://")) {
            line = example.line();
        }
        return line;
    }

    private static void await(String expected, BufferedReader stream) throws IOException {
        String line = stream.readLine();
        while (line != null && !line.equals(expected)) {
            line = stream.readLine();
        }
        assertEquals(expected, line);
    }

    private static void awaitEnd(BufferedReader stream) throws IOException {
        while (stream.readLine() != null) {
            // What comes before the end does not matter here.
        }
    }
}
