package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import microdot.Microdot;
import microdot.Part;
import microdot.Request;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Sse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads over a socket. */
@Timeout(60)
class PartsTest {
    private static final int LARGE = 200_000;

    private final BlockingQueue<Part> kept = new LinkedBlockingQueue<>();

    private static String upload(String path, int size) {
        return upload(path, size, "--b--\r\n");
    }

    private static String upload(String path, int size, String end) {
        String body =
                "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nMy cat\r\n"
                        + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../cat.jpg\"\r\n"
                        + "Content-Type: image/jpeg\r\n\r\n"
                        + "x".repeat(size)
                        + "\r\n"
                        + end;
        return "POST "
                + path
                + " HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                + "Content-Length: "
                + body.length()
                + "\r\n\r\n"
                + body;
    }

    private String keep(Request request) {
        List<Part> parts = request.parts();
        kept.addAll(parts);
        return parts.get(0).text() + ", " + parts.get(1).fileName();
    }

    private static long size(Part part) throws IOException {
        try (InputStream in = part.stream()) {
            return in.readAllBytes().length;
        }
    }

    /** Waits until the content of a large part is deleted. */
    private static void awaitDeleted(Part part) throws IOException {
        while (true) {
            try {
                part.stream().close();
                Thread.onSpinWait();
            } catch (NoSuchFileException deleted) {
                return;
            }
        }
    }

    @Test
    void partsAreReadAndDeletedAfterTheRequest() throws Exception {
        var app = new Microdot().post("/", this::keep);
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            for (int i = 0; i < 3; i++) {
                assertEquals("My cat, cat.jpg", client.send(upload("/", LARGE)).readText());
                kept.take();
                awaitDeleted(kept.take());
            }
        }
    }

    @Test
    void partsOfAFailedRequestAreDeleted() throws Exception {
        var app =
                new Microdot()
                        .post(
                                "/",
                                request -> {
                                    keep(request);
                                    throw new IllegalStateException("a bug");
                                });
        try (Served served = Served.of(app).expectFailures(1)) {
            assertTrue(served.answer(upload("/", LARGE)).startsWith("HTTP/1.1 500"));
            kept.take();
            awaitDeleted(kept.take());
        }
    }

    @Test
    void partsAreKeptUntilTheStreamOfTheirHandlerHasEnded() throws Exception {
        var gate = new CountDownLatch(1);
        var app =
                new Microdot()
                        .post(
                                "/",
                                Sse.withSse(
                                        (request, sse) -> {
                                            sse.send(keep(request));
                                            gate.await();
                                            sse.send(size(request.parts().get(1)));
                                        }));
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            client.send(upload("/", LARGE)).readTo("data: My cat, cat.jpg\n\n");
            gate.countDown();
            client.readTo("data: " + LARGE + "\n\n");
            kept.take();
            awaitDeleted(kept.take());
        }
    }

    // ---- A request that ends before its handler has the parts ----

    /** Returns the stored parts that begin with the text; other programs store some too. */
    private static List<Path> stored(String text) throws IOException {
        var found = new ArrayList<Path>();
        Path folder = Path.of(System.getProperty("java.io.tmpdir"));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "microdot-part-*")) {
            for (Path file : files) {
                try (InputStream in = Files.newInputStream(file)) {
                    if (new String(in.readNBytes(text.length()), UTF_8).equals(text)) {
                        found.add(file);
                    }
                } catch (NoSuchFileException deleted) {
                    // It is not stored any more.
                }
            }
        }
        return found;
    }

    private static void awaitStored(int count, String text) throws IOException {
        while (stored(text).size() != count) {
            Thread.onSpinWait();
        }
    }

    /** Sends the first half of an upload, and waits until a part of it is stored. */
    private static RawClient half(Served served, String content) throws IOException {
        RawClient client = served.client();
        client.send("POST / HTTP/1.1\r\nHost: x\r\n");
        client.send("Content-Type: multipart/form-data; boundary=b\r\n");
        client.send("Transfer-Encoding: chunked\r\n\r\n");
        client.send(
                chunk(
                        "--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n"
                                + content
                                + "x".repeat(LARGE)));
        awaitStored(1, content);
        return client;
    }

    private static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    @ParameterizedTest
    @ValueSource(strings = {"too long", "malformed", "unfinished", "reset", "close"})
    void partsOfARequestThatEndsInTheMidstAreDeleted(String end) throws Exception {
        var app = new Microdot().post("/", this::keep);
        String content = end + System.nanoTime();
        try (Served served =
                        new Served(app, new ServerOptions().maxBody(2 * LARGE), IoMode.best());
                RawClient client = half(served, content)) {
            switch (end) {
                case "too long" -> {
                    client.send(chunk("x".repeat(LARGE)));
                    assertTrue(client.readHead().startsWith("HTTP/1.1 413"));
                }
                case "malformed" -> {
                    client.send(chunk("\r\n--b\r\n\r\n") + "0\r\n\r\n");
                    assertTrue(client.readHead().startsWith("HTTP/1.1 400"));
                }
                case "unfinished" -> {
                    client.shutdownOutput();
                    assertTrue(client.readHead().startsWith("HTTP/1.1 400"));
                }
                case "reset" -> client.reset();
                default -> served.server.close();
            }
            awaitStored(0, content);
        }
        assertTrue(kept.isEmpty());
    }

    @Test
    void partIsSavedToAFile(@TempDir Path folder) throws Exception {
        var app =
                new Microdot()
                        .post(
                                "/",
                                Microdot.maxBody(
                                        16 << 20,
                                        request -> {
                                            Part part = request.parts().get(1);
                                            part.saveTo(folder.resolve(part.fileName()));
                                            return 201;
                                        }));
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            for (int size : new int[] {0, 10, LARGE, 8 << 20}) {
                String head = client.send(upload("/", size)).readHead();
                assertTrue(head.startsWith("HTTP/1.1 201"), head);
                assertEquals(size, Files.size(folder.resolve("cat.jpg")));
            }
        }
    }

    @Test
    void badUploadIsAnsweredWithAStatus() throws Exception {
        var app = new Microdot().post("/", this::keep);
        try (Served served = new Served(app, new ServerOptions().maxBody(LARGE), IoMode.best())) {
            assertTrue(served.answer(upload("/", 10, "--b")).startsWith("HTTP/1.1 400"));
            assertTrue(served.answer(upload("/", 10, "")).startsWith("HTTP/1.1 400"));
            assertTrue(served.answer(upload("/", LARGE)).startsWith("HTTP/1.1 413"));
            String other = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";
            assertTrue(served.answer(other).startsWith("HTTP/1.1 415"));
            String none =
                    "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n";
            assertTrue(served.answer(none).startsWith("HTTP/1.1 400"));
            String half = upload("/", LARGE / 2);
            assertTrue(served.answer(half.substring(0, 80_000)).startsWith("HTTP/1.1 400"));
            assertFalse(served.answer(upload("/", 10)).startsWith("HTTP/1.1 4"));
        }
    }
}
