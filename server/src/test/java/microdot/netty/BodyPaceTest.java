package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.Sse;
import microdot.sse.Topics;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whose time counts while a body arrives, and how much of it is read before a stream. */
@Timeout(60)
class BodyPaceTest {
    private static final String POST = "POST / HTTP/1.1\r\nHost: x\r\n";

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void timeInWhichTheHandlerDoesNotReadDoesNotCount(IoMode io) throws Exception {
        var computing = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        var app =
                new Microdot()
                        .post("/echo", request -> request.text())
                        .post(
                                "/",
                                request -> {
                                    InputStream in = request.stream();
                                    byte[] first = in.readNBytes(10);
                                    computing.countDown();
                                    gate.await();
                                    return first.length + " " + in.readAllBytes().length;
                                });
        var options = new ServerOptions().bodyTimeout(Duration.ofMillis(200));
        try (Served served = new Served(app, options, io);
                RawClient client = served.client()) {
            client.send(POST + "Content-Length: 1003\r\n\r\n" + "x".repeat(1000));
            computing.await();
            // Bodies whose handlers do wait fail several times meanwhile.
            for (int i = 0; i < 3; i++) {
                try (RawClient slow = served.client()) {
                    slow.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
                    String head = slow.readHead();
                    assertTrue(head.startsWith("HTTP/1.1 408 "), head);
                }
            }
            client.send("end");
            gate.countDown();
            assertEquals("10 993", client.readText());
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void leavingOfAFollowerIsNoticedAlthoughItsBodyIsUnfinished(IoMode io) throws Exception {
        var topics = new Topics();
        var app = new Microdot().post("/", topics.stream("topic"));
        try (Served served = new Served(app, new ServerOptions(), io)) {
            try (RawClient client = served.client()) {
                client.send(POST + "Content-Length: 9\r\n\r\nhalf").readHead();
                topics.publish("topic", "event");
                client.readTo("data: event\n\n");
            }
            served.awaitNothingOpen();
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void bodyBeyondTheMemoryIsNotReadBeforeAStream(IoMode io) throws Exception {
        long length = 1L << 30;
        var app =
                new Microdot()
                        .post(
                                "/",
                                Microdot.maxBody(
                                        length,
                                        Sse.withSse(
                                                (request, sse) -> {
                                                    var failure =
                                                            assertThrows(
                                                                    IllegalStateException.class,
                                                                    request::stream);
                                                    sse.send("" + failure.getMessage());
                                                })));
        try (Served served = new Served(app, new ServerOptions(), io)) {
            try (RawClient client = served.client()) {
                client.send(POST + "Content-Length: " + length + "\r\n\r\nbegin");
                String head = client.readHead();
                assertTrue(head.startsWith("HTTP/1.1 200 "), head);
                client.readTo("(expected: read it before sseResponse)\n\n");
            }
            try (RawClient client = served.client()) {
                client.send(POST + "Transfer-Encoding: chunked\r\n\r\n100001\r\n");
                client.send("x".repeat(0x100001) + "\r\n0\r\n\r\n");
                String head = client.readHead();
                assertTrue(head.startsWith("HTTP/1.1 413 "), head);
            }
        }
    }
}
