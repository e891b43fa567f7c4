package microdot.netty;

import java.util.concurrent.CountDownLatch;
import microdot.Microdot;
import org.junit.jupiter.api.Test;

class BodyEpollTest extends BodyContract {
    @Override
    Wire wire() {
        return Wire.EPOLL;
    }

    /** Java's NIO notices it only at the next read. */
    @Test
    void resetOfTheClientIsNoticedWhileNothingIsRead() throws Exception {
        var gate = new CountDownLatch(1);
        var handling = new CountDownLatch(1);
        var app =
                new Microdot()
                        .post(
                                "/",
                                request -> {
                                    handling.countDown();
                                    gate.await();
                                    return request.text();
                                });
        try (Served served = served(app)) {
            try (RawClient client = served.client()) {
                client.send("POST / HTTP/1.1\r\n" + HOST + "Content-Length: 1000000\r\n\r\n");
                client.send("x".repeat(500_000));
                handling.await();
                served.awaitConnections(1);
                client.reset();
            }
            served.awaitDisconnected();
            gate.countDown();
        }
    }
}
