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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands of the README, from a folder that is not the project's. */
@Timeout(180)
class LauncherTest {
    @TempDir Path folder = Path.of("");

    private Child microdot(String... arguments) {
        var command = new ArrayList<String>();
        command.add(Child.home().resolve("microdot").toString());
        command.addAll(List.of(arguments));
        return Child.start(folder, command.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void theTenLinesRunUnchangedAndEndWhenTold(String signal, int code) throws Exception {
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
                second.await("cannot listen on 0.0.0.0:5000");
                assertEquals(1, second.exitCode());
            }
            long told = System.nanoTime();
            app.signal(signal);
            assertEquals(code, app.exitCode());
            // It means to take two seconds at the most; a busy machine may be late.
            assertTrue(Duration.ofNanos(System.nanoTime() - told).toSeconds() < 20);
            // The stream ended properly: whoever reads on comes to its end, and to no failure.
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
    void aTakenPortIsNamedWithTheOptionThatHelps() throws Exception {
        try (var taken = new ServerSocket(0);
                Child demo = microdot("demo", "--port", "" + taken.getLocalPort())) {
            demo.await("--port");
            assertEquals(1, demo.exitCode());
        }
    }

    /** The JVM refuses a cache that was not made for just this start, and says nothing of it. */
    @ParameterizedTest
    @CsvSource({"demo, --port", "run, App.java"})
    void aStartFindsItsClassesInTheCache(String command, String argument) throws Exception {
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
    void whatIsRunMayHaveItsTimersLate() throws Exception {
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

    /** Whatever an example reads lies beside it, and not where it happens to be started. */
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
    void anExampleRunsFromAnyFolder(String example) throws Exception {
        Path file = Child.home().resolve("examples/" + example + ".java");
        try (Child app = microdot("run", file.toString(), "0")) {
            app.await("http://localhost:");
        }
    }

    @Test
    void whatCannotBeDoneIsSaid() throws Exception {
        try (Child unknown = microdot("dance")) {
            unknown.await("unknown command: dance");
            assertEquals(2, unknown.exitCode());
        }
        try (Child missing = microdot("run", "Nothing.java")) {
            missing.await("Nothing.java is not a file");
            assertNotEquals(0, missing.exitCode());
        }
        try (Child alone = microdot()) {
            alone.await("./microdot demo");
            assertEquals(0, alone.exitCode());
        }
    }
}
