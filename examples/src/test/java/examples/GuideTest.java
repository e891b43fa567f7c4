package examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The code in the README and in the guide is code that the build compiles and runs. */
@Timeout(120)
class GuideTest {
    private static final Path README = Pages.ROOT.resolve("README.md");
    static final List<Path> PAGES = Pages.all();
    // Other pages have build files in Kotlin.
    static final List<Path> RECIPES = Pages.in("docs/guide/recipes");

    @ParameterizedTest
    @FieldSource("PAGES")
    void codeOfPageIsCodeOfAProgram(Path page) throws Exception {
        List<String> sources = new ArrayList<>(Pages.sources());
        // It has its own test, programOfReadmeRuns.
        sources.add(Pages.normalized(Pages.javaBlocks(README).getFirst()));
        for (String block : Pages.javaBlocks(page)) {
            assertTrue(
                    sources.stream().anyMatch(source -> source.contains(Pages.normalized(block))),
                    page + ": in no source of the examples:\n" + block);
        }
    }

    @ParameterizedTest
    @FieldSource("RECIPES")
    void kotlinOfRecipeIsCodeOfAProgram(Path page) throws Exception {
        List<String> sources = Pages.kotlinSources();
        for (String block : Pages.kotlinBlocks(page)) {
            assertTrue(
                    sources.stream().anyMatch(source -> source.contains(Pages.normalized(block))),
                    page + ": in no source of examples/kotlin:\n" + block);
        }
    }

    @Test
    void recipesStartWithCode() throws Exception {
        assertTrue(RECIPES.size() >= 8, RECIPES.toString());
        for (Path recipe : RECIPES) {
            List<String> lines = Files.readAllLines(recipe);
            assertTrue(lines.get(0).startsWith("# "), recipe.toString());
            assertTrue(
                    lines.subList(0, 5).stream().anyMatch(line -> line.matches("```(java|kotlin)")),
                    recipe + " does not start with code");
        }
    }

    @Test
    void programOfReadmeRuns(@TempDir Path folder) throws Exception {
        String program = Pages.javaBlocks(README).getFirst();
        assertTrue(program.contains("app.run();"), program);
        String onFreePort = program.replace("app.run();", "app.run(0);");
        Path file = Files.writeString(folder.resolve("App.java"), onFreePort);
        try (Example app = Example.start(file.toString())) {
            List<String> lines = app.lines("/events", 2);
            assertEquals("event: reading", lines.getFirst());
            assertTrue(lines.getLast().startsWith("data: {\"temp\":2"), lines.getLast());
        }
    }

    @Test
    void streamsPageRuns() throws Exception {
        try (Example streams = Example.start("guide/StreamsGuide.java")) {
            assertEquals(5, dataLines(streams.get("/progress").body(), "{\"done\":").size());
            assertEquals(
                    List.of("third"),
                    dataLines(streams.send("GET", "/log", "", "Last-Event-ID", "1").body(), ""));
            assertEquals(
                    3,
                    dataLines(streams.send("GET", "/log", "", "Last-Event-ID", "x").body(), "")
                            .size());
            assertEquals(404, streams.get("/events/coffee").statusCode());
            var tea = streams.get("/events/tea");
            assertEquals("data: ready\n\n", tea.body());
            assertEquals("tea", tea.headers().firstValue("X-Stream").orElseThrow());
            assertEquals(
                    """
                    event: reading
                    id: 42
                    retry: 3000
                    data: {"temp":21.5}

                    : clients ignore this line

                    """,
                    streams.get("/batch").body());
            assertEquals(204, streams.get("/over").statusCode());
            assertEquals(503, streams.get("/starting").statusCode());
            var rejected = streams.send("GET", "/starting", "", "Accept", "text/event-stream");
            assertEquals(200, rejected.statusCode());
            assertTrue(rejected.body().matches("retry: \\d+\n\n"), rejected.body());
        }
    }

    @Test
    void topicsPageRuns() throws Exception {
        try (Example topics = Example.start("guide/TopicsGuide.java")) {
            String detection = last(topics, "/history", 3);
            assertTrue(detection.contains("\"label\":\"cat\""), detection);
            assertEquals(403, topics.get("/rooms/closed").statusCode());
            assertEquals("data: welcome", last(topics, "/greeted", 2));
            assertEquals("data: welcome", last(topics, "/own", 2));
            assertEquals(204, topics.post("/goals/home", "").statusCode());
            assertEquals("data: {\"home\":1}", last(topics, "/score", 3));
            try (var cats = topics.open("/cats")) {
                topics.post("/detections", "dog");
                topics.post("/detections", "a cat");
                cats.readLine();
                assertEquals("data: a cat", cats.readLine());
            }
            assertEquals("dog", RecipesTest.nextOutput(topics));
            assertEquals("a cat", topics.line());
        }
    }

    @Test
    void tablesPageRuns() throws Exception {
        try (Example tables = Example.start("guide/TablesGuide.java")) {
            assertEquals(
                    "{temp=21.5} Reading[temp=21.5] {kitchen={temp=21.5}}",
                    tables.get("/values").body());
            assertEquals(
                    "data: {\"table\":\"sensors\",\"part\":1,\"of\":1,"
                            + "\"rows\":{\"kitchen\":{\"temp\":21.5}}}",
                    last(tables, "/sensors", 3));
            try (var all = tables.open("/all")) {
                assertEquals("event: snapshot", all.readLine());
                tables.post("/sensors/hall", "20");
                tables.post("/news", "hello");
                assertEquals(
                        "data: {\"table\":\"sensors\",\"key\":\"hall\","
                                + "\"value\":{\"temp\":20.0}}",
                        after("event: put", all));
                assertEquals("data: hello", after("event: news", all));
            }
        }
    }

    /** Waits for a line, and returns the data of its event. */
    private static String after(String expected, BufferedReader stream) throws Exception {
        String line = stream.readLine();
        while (line != null && !line.equals(expected)) {
            line = stream.readLine();
        }
        stream.readLine(); // The id.
        return String.valueOf(stream.readLine());
    }

    @Test
    void routesPageRuns() throws Exception {
        try (Example routes = Example.start("guide/RoutesGuide.java")) {
            assertEquals(404, routes.get("/users/7").statusCode());
            assertEquals(201, routes.post("/users", "{\"id\":7,\"name\":\"Ann\"}").statusCode());
            assertEquals("{\"id\":7,\"name\":\"Ann\"}", routes.get("/users/7").body());
            assertEquals("<h1>Not here</h1>", routes.get("/nowhere").body());
            assertEquals(404, routes.get("/nowhere").statusCode());
            assertEquals("POST it is", routes.post("/thing", "").body());
            assertEquals("body { margin: 0 }", routes.get("/static/page.css").body());
            assertEquals("{\"error\":\"try again later\"}", routes.get("/broken").body());
            assertEquals(500, routes.get("/broken").statusCode());
            assertEquals("admin", routes.get("/admin/").body());
            String form =
                    "--b\r\nContent-Disposition: form-data; name=title\r\n\r\nMy cat\r\n"
                            + "--b\r\nContent-Disposition: form-data; name=file; filename=\"../cat.txt\""
                            + "\r\n\r\nmeow\r\n--b--";
            String type = "multipart/form-data; boundary=b";
            assertEquals(
                    303, routes.send("POST", "/photos", form, "Content-Type", type).statusCode());
            assertEquals("title: My cat", RecipesTest.nextOutput(routes));
            assertEquals("meow", routes.get("/photos/cat.txt").body());
            assertEquals(204, routes.send("PUT", "/backup", "x".repeat(2 << 20)).statusCode());
            assertEquals("x".repeat(2 << 20), routes.get("/static/backup").body());
        }
    }

    @Test
    void handlersPageRuns() throws Exception {
        try (Example handlers = Example.start("guide/HandlersGuide.java")) {
            assertEquals("78498", handlers.get("/primes").body());
            String usage = handlers.get("/disk-usage").body();
            assertTrue(usage.matches("\\d+\\s+\\.\\s*"), usage);
        }
    }

    @Test
    void tlsPageRuns(@TempDir Path folder) throws Exception {
        writePem(folder);
        try (Example tls = Example.start("guide/TlsGuide.java", folder.toString(), "0")) {
            assertTrue(tls.address().startsWith("https://"), tls.address());
        }
    }

    private static void writePem(Path folder) throws Exception {
        Path store = folder.resolve("store.p12");
        String java = System.getProperty("java.home");
        String arguments =
                "-genkeypair -alias a -keyalg EC -dname CN=app.example -storepass secret";
        var command = new ArrayList<>(List.of(java + "/bin/keytool"));
        command.addAll(List.of(arguments.split(" ")));
        command.addAll(List.of("-keystore", store.toString()));
        var keytool = new ProcessBuilder(command);
        assertEquals(0, keytool.inheritIO().start().waitFor());
        char[] password = "secret".toCharArray();
        KeyStore keys = KeyStore.getInstance(store.toFile(), password);
        write(
                folder.resolve("fullchain.pem"),
                "CERTIFICATE",
                keys.getCertificate("a").getEncoded());
        byte[] key = keys.getKey("a", password).getEncoded();
        write(folder.resolve("privkey.pem"), "PRIVATE KEY", key);
    }

    private static void write(Path file, String label, byte[] der) throws Exception {
        String lines = Base64.getMimeEncoder().encodeToString(der);
        String frame = "-----%s " + label + "-----\n";
        Files.writeString(file, frame.formatted("BEGIN") + lines + "\n" + frame.formatted("END"));
    }

    /** The tests of the guide are compiled and run as a user's tests are. */
    @ParameterizedTest
    @FieldSource("TESTS")
    void testOfGuidePasses(String name, @TempDir Path classes) throws Exception {
        Pages.compile(Pages.ROOT.resolve("examples/guide/start"), classes);
        assertTrue(Pages.runTests(name, classes) > 0);
    }

    static final List<String> TESTS = List.of("AppTest", "FirstTest", "TestingTest");

    private static String last(Example example, String path, int lines) throws Exception {
        return example.lines(path, lines).getLast();
    }

    private static List<String> dataLines(String body, String start) {
        return Stream.of(body.split("\n", -1))
                .filter(line -> line.startsWith("data: " + start) && !line.equals("data: "))
                .map(line -> line.substring("data: ".length()))
                .toList();
    }
}
