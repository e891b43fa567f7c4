package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher's commands, started in a folder that is not the repository. */
@Timeout(180)
class LauncherTest {
    @TempDir Path folder = Path.of("");

    private Child microdot(String... arguments) {
        return Child.microdot(folder, arguments);
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void tenLinesOfTheReadmeRunAndEndOnASignal(String signal, int code) throws Exception {
        Path file = folder.resolve("App.java");
        Files.writeString(file, tenLines());
        try (Child app = microdot("run", "App.java");
                HttpClient client = HttpClient.newHttpClient()) {
            app.await("http://localhost:5000");
            var request =
                    HttpRequest.newBuilder(URI.create("http://localhost:5000/events")).build();
            var lines = client.send(request, BodyHandlers.ofLines()).body().iterator();
            assertEquals("event: reading", lines.next());
            assertTrue(lines.next().startsWith("data: {\"temp\":2"));
            try (Child second = microdot("run", "App.java")) {
                assertTakenPortIsOneLine(second, 5000);
            }
            long told = System.nanoTime();
            app.signal(signal);
            assertEquals(code, app.exitCode());
            // The close timeout is two seconds; a busy machine may take longer.
            assertTrue(Duration.ofNanos(System.nanoTime() - told).toSeconds() < 20);
            // The stream ended properly: reading to its end does not fail.
            while (lines.hasNext()) {
                lines.next();
            }
        }
    }

    private static String tenLines() throws Exception {
        String readme = Files.readString(Child.home().resolve("README.md"));
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
        assertTrue(block.find(), "no java in the README");
        return block.group(1);
    }

    @Test
    void demoReportsATakenPortInOneLine() throws Exception {
        try (var taken = new ServerSocket(0);
                Child demo = microdot("demo", "--port", "" + taken.getLocalPort())) {
            assertTakenPortIsOneLine(demo, taken.getLocalPort());
        }
    }

    private static void assertTakenPortIsOneLine(Child app, int port) throws Exception {
        String line = app.await("microdot: cannot listen on 0.0.0.0:" + port);
        assertEquals(1, app.exitCode());
        assertEquals(line, app.lines().getLast());
    }

    /** With the certificate that the option keeps in the folder of the user. */
    @ParameterizedTest
    @CsvSource({"--http2, 2", "--http1.1, 1.1"})
    void tlsOptionServesAProgramOverHttps(String option, String version) throws Exception {
        Files.writeString(
                folder.resolve("App.java"),
                """
                import static microdot.sse.Sse.withSse;

                void main() {
                    var app = new microdot.Microdot();
                    app.get("/events", withSse((request, sse) -> sse.send(request.scheme(), "a")));
                    app.run("localhost", 0);
                }
                """);
        String launcher = Child.home().resolve("microdot").toString();
        String data = "XDG_DATA_HOME=" + folder;
        try (Child app = Child.start(folder, "env", data, launcher, "run", "--tls", "App.java")) {
            Matcher url = Pattern.compile("https://localhost:\\d+").matcher(app.await("https://"));
            assertTrue(url.find());
            try (Child curl =
                    Child.start(
                            folder,
                            "curl",
                            "-sSN",
                            option,
                            "--cacert",
                            pem(folder.resolve("microdot/tls.p12")).toString(),
                            "--write-out",
                            "%{http_version}",
                            url.group() + "/events")) {
                assertEquals(List.of("event: a", "data: https", "", version), curl.lines());
                assertEquals(0, curl.exitCode());
            }
        }
    }

    /** Returns the file of the certificate in a store that {@code Tls.selfSigned} has made. */
    private Path pem(Path store) throws Exception {
        KeyStore keys = KeyStore.getInstance(store.toFile(), "microdot".toCharArray());
        var certificate = keys.getCertificate(keys.aliases().nextElement());
        String text = Base64.getMimeEncoder().encodeToString(certificate.getEncoded());
        return Files.writeString(
                folder.resolve("tls.pem"),
                "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n");
    }

    @Test
    void classPathOptionAddsJars() throws Exception {
        Path jar = folder.resolve("a library.jar");
        try (var out = new ZipOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new ZipEntry("greeting.txt"));
            out.write("found in the jar".getBytes(StandardCharsets.UTF_8));
        }
        Files.writeString(
                folder.resolve("App.java"),
                """
                void main(String[] args) throws Exception {
                    try (var in = microdot.Microdot.class.getResourceAsStream("/greeting.txt")) {
                        IO.println(new String(in.readAllBytes()) + " with " + args[0]);
                    }
                }
                """);
        try (Child app =
                microdot("run", "--class-path", "a library.jar", "App.java", "an argument")) {
            app.await("found in the jar with an argument");
            assertEquals(0, app.exitCode());
        }
        try (Child app = microdot("run", "--class-path", "a library.jar:b.jar", "App.java")) {
            app.await("--class-path: b.jar does not exist");
            assertEquals(1, app.exitCode());
        }
    }

    /** The JVM silently rejects an AOT cache that was made for another class path or other jars. */
    @ParameterizedTest
    @CsvSource({"demo, --port", "run, App.java"})
    void startLoadsItsClassesFromTheCache(String command, String argument) throws Exception {
        Files.writeString(
                folder.resolve("App.java"),
                "void main() { new microdot.Microdot().run(\"localhost\", 0); }");
        Path log = folder.resolve("classes.log");
        try (Child app =
                Child.start(
                        folder,
                        "env",
                        "JAVA_TOOL_OPTIONS=-Xlog:class+load:file=" + log,
                        Child.home().resolve("microdot").toString(),
                        command,
                        argument,
                        "0")) {
            app.await("http://localhost:");
        }
        String loaded = Files.readString(log);
        assertTrue(loaded.contains("microdot.netty.NettyServer source: shared"), loaded);
    }

    @Test
    void programGetsTheTimerSlackAndTheShellKeepsItsOwn() throws Exception {
        Path own = Path.of("/proc/self/timerslack_ns");
        assumeTrue(Files.isWritable(own), "no timer slack on this system");
        Files.writeString(
                folder.resolve("App.java"),
                "void main() throws Exception { IO.println("
                        + "java.nio.file.Files.readString(java.nio.file.Path.of(\""
                        + own
                        + "\"))); }");
        try (Child app = microdot("run", "App.java")) {
            app.await("1000000");
        }
        assertNotEquals("1000000", Files.readString(own).strip());
    }

    /** An example reads the files beside it, not those of the folder where it is started. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "camera/Camera",
                "chat/Chat",
                "counter/Counter",
                "guarded/Guarded",
                "hello/Hello",
                "sensor/Sensor"
            })
    void exampleRunsFromAnyFolder(String example) throws Exception {
        Path file = Child.home().resolve("examples/" + example + ".java");
        try (Child app = microdot("run", file.toString(), "0")) {
            app.await("http://localhost:");
        }
    }

    @Test
    void wrongCommandsAreRejectedWithASentence() throws Exception {
        try (Child unknown = microdot("dance")) {
            unknown.await("unknown command: dance");
            assertEquals(2, unknown.exitCode());
        }
        try (Child missing = microdot("run", "Nothing.java")) {
            missing.await("Nothing.java is not a file");
            assertNotEquals(0, missing.exitCode());
        }
        try (Child option = microdot("run", "--wach", "App.java")) {
            option.await("unknown option: --wach");
            assertEquals(1, option.exitCode());
        }
        try (Child soak = microdot("soak", "long")) {
            soak.await("soak: long (expected: a number of minutes)");
            assertEquals(1, soak.exitCode());
        }
        try (Child help = microdot("install", "--help")) {
            help.await("./microdot install");
            assertEquals(0, help.exitCode());
        }
        try (Child alone = microdot()) {
            alone.await("./microdot demo");
            assertEquals(0, alone.exitCode());
        }
    }
}
