package microdot.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.Microdot;
import microdot.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StreamedOutputTest {
    @Test
    void bodyOfAnyLengthArrivesWhole() throws Exception {
        byte[] block = "0123456789abcdef".repeat(4096).getBytes(US_ASCII);
        var app =
                new Microdot()
                        .get(
                                "/",
                                request ->
                                        Response.stream(
                                                        out -> {
                                                            for (int i = 0; i < 40; i++) {
                                                                out.write(block);
                                                                out.write('.');
                                                            }
                                                        })
                                                .header("Content-Type", "text/x-blocks"));
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            String head = client.send("GET / HTTP/1.0\r\nHost: x\r\n\r\n").readHead();
            assertTrue(head.contains("Content-Type: text/x-blocks"), head);
            assertEquals((new String(block, US_ASCII) + ".").repeat(40), client.readAll());
        }
    }

    @Test
    void chunkIsSentWhenTheIteratorHasIt() throws Exception {
        var second = new CountDownLatch(1);
        var app =
                new Microdot()
                        .get(
                                "/",
                                request ->
                                        Response.stream(
                                                List.of("first", "second").stream()
                                                        .map(text -> awaited(text, second))
                                                        .iterator()));
        try (Served served = Served.of(app);
                RawClient client = served.client()) {
            client.get("/").readTo("first");
            second.countDown();
            client.readTo("second");
            client.readTo("0\r\n\r\n");
        }
    }

    private static String awaited(String text, CountDownLatch second) {
        try {
            return text.equals("second") && !second.await(30, TimeUnit.SECONDS) ? "late" : text;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void writerIsInterruptedWhenItsClientLeaves() throws Exception {
        var ended = new CompletableFuture<Throwable>();
        var app =
                new Microdot()
                        .get(
                                "/",
                                request ->
                                        Response.stream(
                                                out -> {
                                                    out.write('x');
                                                    out.flush();
                                                    try {
                                                        new CountDownLatch(1).await();
                                                    } catch (InterruptedException e) {
                                                        ended.complete(e);
                                                        throw e;
                                                    }
                                                }));
        try (Served served = Served.of(app)) {
            try (RawClient client = served.client()) {
                client.get("/").readTo("x");
                client.reset();
            }
            assertInstanceOf(InterruptedException.class, ended.get(30, TimeUnit.SECONDS));
            served.awaitIdle();
        }
    }

    @Test
    void writerThatFailsCutsTheBody() throws Exception {
        var app =
                new Microdot()
                        .get(
                                "/",
                                request ->
                                        Response.stream(
                                                out -> {
                                                    out.write("part".getBytes(US_ASCII));
                                                    out.flush();
                                                    throw new IllegalStateException("test");
                                                }));
        try (Served served = Served.of(app).expectFailures(1);
                RawClient client = served.client()) {
            String all = client.get("/").readAll();
            assertTrue(all.contains("part"), all);
            assertFalse(all.endsWith("0\r\n\r\n"), all);
        }
    }
}
