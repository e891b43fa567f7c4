package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ./microdot run --watch}. */
@Timeout(180)
class WatchTest {
    @TempDir Path folder = Path.of("");

    /** The same at each start, so that clients can reconnect. */
    private int port;

    @BeforeEach
    void choosePort() throws Exception {
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
    }

    private Child watch() {
        return Child.microdot(folder, "run", "--watch", "App.java", "" + port);
    }

    private String url() {
        return "http://localhost:" + port;
    }

    private void writeSource(String data) throws Exception {
        Files.writeString(
                folder.resolve("App.java"),
                """
                void main(String[] args) {
                    var app = new microdot.Microdot();
                    app.get("/events", microdot.sse.Sse.withSse((request, sse) -> {
                        sse.send("%s");
                        Thread.sleep(Long.MAX_VALUE);
                    }));
                    app.run("localhost", Integer.parseInt(args[0]));
                }
                """
                        .formatted(data));
    }

    /** A client of the stream, as curl shows it. */
    private Child follow() {
        return Child.start(folder, "curl", "-sN", url() + "/events");
    }

    @Test
    void changedSourceRestartsTheProgramAndOpenStreamsReconnect() throws Exception {
        writeSource("one");
        try (Child app = watch()) {
            app.await(url());
            try (Child client = follow()) {
                client.await("data: one");
                writeSource("two");
                client.await("retry: ");
                assertEquals(0, client.exitCode(), "the body has an end");
            }
            app.await("App.java changed, restarting");
            app.await(url());
            try (Child client = follow()) {
                client.await("data: two");
            }
        }
    }

    @Test
    void changedPageRestartsTheProgram() throws Exception {
        writeSource("one");
        Files.createDirectory(folder.resolve("static"));
        try (Child app = watch()) {
            for (String name : List.of("page.html", "static/page.css")) {
                app.await(url());
                Files.writeString(folder.resolve(name), "a page");
                app.await(name + " changed, restarting");
            }
            app.await(url());
        }
    }

    /** Editors write a new file and move it: its time of modification is before the restart. */
    @Test
    void sourceThatIsMovedIntoPlaceRestartsTheProgram() throws Exception {
        Path file = folder.resolve("App.java");
        Path draft = folder.resolve("draft");
        writeSource("two");
        Files.move(file, draft);
        writeSource("one");
        try (Child app = watch()) {
            app.await(url());
            Files.delete(file);
            Files.move(draft, file);
            app.await("App.java changed, restarting");
            app.await(url());
            try (Child client = follow()) {
                client.await("data: two");
            }
        }
    }

    @Test
    void sourceThatDoesNotCompileIsShownAndTheNextChangeStarts() throws Exception {
        writeSource("\" + nothing + \"");
        try (Child app = watch()) {
            app.await("error: cannot find symbol");
            app.await("waiting for a change");
            writeSource("one");
            app.await(url());
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void signalEndsTheWatcherAndTheProgram(String signal, int code) throws Exception {
        writeSource("one");
        try (Child app = watch()) {
            app.await(url());
            app.signal(signal);
            assertEquals(code, app.exitCode());
            assertThrows(ConnectException.class, () -> new Socket("localhost", port).close());
        }
    }
}
