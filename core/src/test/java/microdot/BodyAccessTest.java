package microdot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What is left of a body when reading it has failed, and of its parts when the request ends. */
class BodyAccessTest {
    private static Request request(String body, String... fields) {
        var headers = new Headers();
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        InputStream bytes = new ByteArrayInputStream(body.getBytes(UTF_8));
        var source =
                new RequestBody() {
                    @Override
                    public long length() {
                        return -1;
                    }

                    @Override
                    public long limit() {
                        return 1 << 20;
                    }

                    @Override
                    public InputStream open() {
                        return bytes; // As from a connection: what was read is gone.
                    }
                };
        var client = InetSocketAddress.createUnresolved("client", 1);
        return new Request("POST", "/", headers, source, client, "http", null, null);
    }

    private static void assertFails(int status, Executable... calls) {
        for (Executable call : calls) {
            assertEquals(status, assertThrows(HttpException.class, call).status());
        }
    }

    @Test
    void bodyThatWasTooLargeIsNeverReadAsIfItsRestWereAllOfIt() {
        Request request = request("too large");
        request.maxBody(3);
        assertFails(413, request::body, request::text, request::stream, request::body);
    }

    @Test
    void partsThatFailedAreNotReadFromTheirMiddle() {
        String part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
        String broken = part + "--b\r\nno field\r\n\r\n" + part + "--b--";
        Request request = request(broken, "Content-Type", "multipart/form-data; boundary=b");
        assertFails(400, request::parts, request::parts, request::stream, request::text);
    }

    private static List<Path> filesWith(String marker) throws IOException {
        var found = new ArrayList<Path>();
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            for (Path file :
                    files.filter(f -> f.getFileName().toString().startsWith("microdot-part-"))
                            .toList()) {
                if (Files.isRegularFile(file) && Files.readString(file).startsWith(marker)) {
                    found.add(file);
                }
            }
        }
        return found;
    }

    @Test
    void filesOfPartsAreDeletedAlthoughOneCannotBe() throws Exception {
        String marker = UUID.randomUUID().toString();
        String part =
                "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n"
                        + marker
                        + "x".repeat(100_000)
                        + "\r\n";
        Request request =
                request(
                        part.repeat(3) + "--b--",
                        "Content-Type",
                        "multipart/form-data; boundary=b");
        assertEquals(3, request.parts().size());
        List<Path> files = filesWith(marker);
        assertEquals(3, files.size());
        Path kept = files.getFirst();
        Files.delete(kept);
        Path inside = Files.createFile(Files.createDirectory(kept).resolve("inside"));
        try (var logged = new Logged("microdot")) {
            Runnable release = request.release();
            assertNotNull(release);
            release.run();
            assertEquals(List.of(), filesWith(marker));
            assertEquals(1, logged.messages().size());
            assertTrue(logged.messages().getFirst().contains("could not be deleted"));
        } finally {
            Files.delete(inside);
            Files.delete(kept);
        }
    }

    @Test
    void partsThatAreTogetherLargeAreStoredInFiles() throws Exception {
        String marker = UUID.randomUUID().toString();
        String part =
                "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n"
                        + marker
                        + "x".repeat(30_000)
                        + "\r\n";
        Request request =
                request(
                        part.repeat(5) + "--b--",
                        "Content-Type",
                        "multipart/form-data; boundary=b");
        for (Part stored : request.parts()) {
            assertEquals(marker.length() + 30_000, stored.text().length());
        }
        assertEquals(3, filesWith(marker).size());
        Runnable release = request.release();
        assertNotNull(release);
        release.run();
        assertEquals(List.of(), filesWith(marker));
    }

    @Test
    void streamOfABodyIsTheSameAtEachCall() {
        Request request = request("text");
        assertSame(request.stream(), request.stream());
        assertThrows(IllegalStateException.class, request::body);
    }
}
