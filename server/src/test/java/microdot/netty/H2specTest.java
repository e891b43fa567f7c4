package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * h2spec 2.2.0 (github.com/summerwind/h2spec), with its strict cases. The program is a native
 * binary in the jar of a Maven plugin, for Linux on x86_64.
 */
@Timeout(300)
class H2specTest {
    private static final String ARCHIVE = "h2spec/2.2.0/h2spec_linux_amd64.tar.gz";
    private static final int BLOCK = 512; // Of a tar file.

    /**
     * How long the page takes. h2spec sends a request and then what is not allowed on an open
     * stream: a response that is faster than that ends the stream first, and the server is right to
     * do something else.
     */
    private static final Duration SLOWER_THAN_A_FRAME = Duration.ofMillis(200);

    private final Microdot app =
            new Microdot()
                    .get(
                            "/",
                            request -> {
                                Thread.sleep(SLOWER_THAN_A_FRAME);
                                return "a page that is longer than the windows of h2spec";
                            })
                    .post("/", request -> "a body of " + request.text().length());

    @TempDir Path folder;

    private Path h2spec = Path.of("");

    @BeforeEach
    void unpack() throws IOException {
        String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        assumeTrue(system.equals("Linux amd64"), "h2spec is a program for Linux amd64: " + system);
        h2spec = folder.resolve("h2spec");
        InputStream found = H2specTest.class.getClassLoader().getResourceAsStream(ARCHIVE);
        try (InputStream tar = new GZIPInputStream(Objects.requireNonNull(found, ARCHIVE))) {
            for (byte[] head = tar.readNBytes(BLOCK); head[0] != 0; head = tar.readNBytes(BLOCK)) {
                String size = new String(head, 124, 11, UTF_8).strip();
                byte[] content = tar.readNBytes(Integer.parseInt(size, 8));
                tar.skipNBytes((BLOCK - content.length % BLOCK) % BLOCK);
                if (new String(head, 0, 100, UTF_8).strip().replace("\0", "").endsWith("h2spec")) {
                    Files.write(h2spec, content);
                }
            }
        }
        assertTrue(h2spec.toFile().setExecutable(true));
    }

    @Test
    void allCasesPass() throws Exception {
        try (var served = new Served(app, new ServerOptions(), IoMode.best())) {
            run(served, List.of());
        }
    }

    @Test
    void allCasesPassOverTls() throws Exception {
        var options = TestCertificate.secured(new ServerOptions(), true);
        try (var served = new Served(app, options, IoMode.NIO)) {
            run(served, List.of("-t", "-k"));
        }
    }

    private void run(Served served, List<String> more) throws Exception {
        Path output = folder.resolve("output");
        var command = new ArrayList<>(List.of(h2spec.toString(), "-S", "-h", "127.0.0.1"));
        command.addAll(List.of("-p", "" + served.server.port()));
        command.addAll(more);
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            assertTrue(process.waitFor(4, TimeUnit.MINUTES), "h2spec did not end");
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output);
        assertEquals(0, process.exitValue(), text);
        assertTrue(text.contains("146 tests, 146 passed, 0 skipped, 0 failed"), text);
    }

    @AfterEach
    void remove() throws IOException {
        Files.deleteIfExists(h2spec);
    }
}
