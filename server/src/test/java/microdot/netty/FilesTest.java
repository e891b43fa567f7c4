package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files are sent from the disk to the socket without passing through the heap. */
@Timeout(60)
class FilesTest {
    private static final String HOST = "Host: x\r\n";

    private static Microdot app(Path folder) {
        return new Microdot()
                .get("/f/{rest:path}", request -> Response.file(folder, request.param("rest")));
    }

    @ParameterizedTest
    @EnumSource(names = {"NIO", "EPOLL"})
    void connectionServesWholeFilesAndRanges(IoMode io, @TempDir Path folder) throws Exception {
        byte[] content = new byte[3 << 20];
        new Random(1).nextBytes(content);
        Files.write(folder.resolve("large.bin"), content);
        try (Served served = new Served(app(folder), new ServerOptions(), io);
                RawClient client = served.client()) {
            assertArrayEquals(content, client.get("/f/large.bin").readBody());
            assertArrayEquals(
                    Arrays.copyOfRange(content, 1000, 2_000_001),
                    range(client, "bytes=1000-2000000").readBody());
            assertArrayEquals(
                    Arrays.copyOfRange(content, content.length - 70_000, content.length),
                    range(client, "bytes=-70000").readBody());
            String beyond = range(client, "bytes=9000000-").readHead();
            assertTrue(beyond.startsWith("HTTP/1.1 416"), beyond);
        }
    }

    private static RawClient range(RawClient client, String range) throws Exception {
        return client.send("GET /f/large.bin HTTP/1.1\r\n" + HOST + "Range: " + range + "\r\n\r\n");
    }

    @Test
    void emptyFileAndHeadRequestHaveRightLengths(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("empty.txt"), "");
        Files.writeString(folder.resolve("a.txt"), "0123456789");
        try (Served served = Served.of(app(folder));
                RawClient client = served.client()) {
            assertEquals("", client.get("/f/empty.txt").readText());
            client.send("HEAD /f/a.txt HTTP/1.1\r\n" + HOST + "\r\n");
            String head = client.readHead();
            assertTrue(head.contains("content-length: 10\r\n"), head);
            assertTrue(head.contains("text/plain"), head);
            assertEquals("0123456789", client.get("/f/a.txt").readText());
        }
    }

    @Test
    void pathCannotLeaveTheFolder(@TempDir Path folder) throws Exception {
        Path served = Files.createDirectory(folder.resolve("public"));
        Files.writeString(folder.resolve("secret.txt"), "secret");
        try (Served server = Served.of(app(served))) {
            for (String escape :
                    new String[] {
                        "../secret.txt",
                        "%2e%2e/secret.txt",
                        "..%2fsecret.txt",
                        "/etc/passwd",
                        "%2fetc%2fpasswd"
                    }) {
                String answer = server.answer("GET /f/" + escape + " HTTP/1.1\r\n" + HOST + "\r\n");
                assertTrue(answer.startsWith("HTTP/1.1 404"), escape + ": " + answer);
            }
        }
    }
}
