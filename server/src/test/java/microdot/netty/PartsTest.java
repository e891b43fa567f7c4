package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import microdot.Microdot;
import microdot.Part;
import microdot.Request;
import microdot.ServerOptions;
import microdot.sse.Sse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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
        try (Served served =
                new Served(
                        app, new ServerOptions().maxBody(LARGE), microdot.netty.io.IoMode.best())) {
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
