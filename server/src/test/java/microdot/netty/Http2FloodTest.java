package microdot.netty;

import static microdot.netty.FrameClient.CONTINUATION;
import static microdot.netty.FrameClient.DATA;
import static microdot.netty.FrameClient.END_HEADERS;
import static microdot.netty.FrameClient.END_STREAM;
import static microdot.netty.FrameClient.ENHANCE_YOUR_CALM;
import static microdot.netty.FrameClient.HEADERS;
import static microdot.netty.FrameClient.PING;
import static microdot.netty.FrameClient.PRIORITY;
import static microdot.netty.FrameClient.SETTINGS;
import static microdot.netty.FrameClient.fields;
import static microdot.netty.FrameClient.frame;
import static microdot.netty.FrameClient.request;
import static microdot.netty.FrameClient.reset;
import static microdot.netty.FrameClient.window;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that send cheap frames without end. They are disconnected with a reason, and another
 * client is served meanwhile and afterwards.
 */
@Timeout(60)
class Http2FloodTest {
    private static final int PER_TURN = 20;

    private final AtomicInteger handled = new AtomicInteger();
    private final CountDownLatch gate = new CountDownLatch(1);
    private final Microdot app =
            new Microdot()
                    .get("/", request -> "home")
                    .get(
                            "/waits",
                            request -> {
                                handled.incrementAndGet();
                                gate.await();
                                return "late";
                            })
                    .post("/", request -> request.text());

    private int next = -1; // The last id of a stream.

    private int flood(Supplier<byte[]> frames) throws Exception {
        try (Served served = new Served(app, new ServerOptions(), IoMode.best());
                FrameClient other = FrameClient.of(served);
                FrameClient client = FrameClient.of(served)) {
            try {
                assertEquals("200", other.get(1, "/").outcome(1));
                int code = client.flood(frames);
                assertEquals("200", other.get(3, "/").outcome(3));
                return code;
            } finally {
                gate.countDown();
            }
        }
    }

    private static byte[] join(byte[]... frames) {
        var all = new ByteArrayOutputStream();
        for (byte[] frame : frames) {
            all.writeBytes(frame);
        }
        return all.toByteArray();
    }

    private static Supplier<byte[]> repeated(Supplier<byte[]> frames) {
        return () -> {
            var all = new ByteArrayOutputStream();
            for (int i = 0; i < PER_TURN; i++) {
                all.writeBytes(frames.get());
            }
            return all.toByteArray();
        };
    }

    /**
     * CVE-2023-44487. A handler that has begun goes on, so that the number of begun ones counts.
     */
    @Test
    void clientThatResetsItsRequestsIsDisconnected() throws Exception {
        Supplier<byte[]> begunAndReset =
                () -> {
                    next += 2;
                    return join(request(next, "GET", "/waits"), reset(next));
                };
        assertEquals(ENHANCE_YOUR_CALM, flood(repeated(begunAndReset)));
        assertTrue(handled.get() <= 300, handled + " requests were handled");
    }

    /** How a client can make the server reset a stream: CVE-2025-8671, "MadeYouReset". */
    enum Fault {
        NO_INCREMENT {
            @Override
            byte[] of(int id) {
                return join(request(id, "GET", "/waits"), window(id, 0));
            }
        },
        TOO_LARGE_WINDOW {
            @Override
            byte[] of(int id) {
                return join(request(id, "GET", "/waits"), window(id, Integer.MAX_VALUE));
            }
        },
        DATA_AFTER_THE_END {
            @Override
            byte[] of(int id) {
                return join(request(id, "GET", "/waits"), frame(DATA, 0, id, new byte[1]));
            }
        },
        HEAD_AFTER_THE_END {
            @Override
            byte[] of(int id) {
                return join(request(id, "GET", "/waits"), request(id, "GET", "/waits"));
            }
        },
        MORE_THAN_DECLARED {
            @Override
            byte[] of(int id) {
                byte[] head =
                        fields(
                                ":method POST :scheme http :path / :authority x content-length 1"
                                        .split(" "));
                return join(frame(HEADERS, END_HEADERS, id, head), frame(DATA, 0, id, new byte[2]));
            }
        },
        DEPENDS_ON_ITSELF {
            @Override
            byte[] of(int id) {
                byte[] itself = {0, 0, (byte) (id >> 8), (byte) id, 1};
                return join(request(id, "GET", "/waits"), frame(PRIORITY, 0, id, itself));
            }
        },
        MALFORMED_HEAD {
            @Override
            byte[] of(int id) {
                return frame(HEADERS, END_HEADERS | END_STREAM, id, fields(":method", "GET"));
            }
        };

        abstract byte[] of(int id);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void clientThatMakesTheServerResetItsRequestsIsDisconnected(Fault fault) throws Exception {
        int code = flood(repeated(() -> fault.of(next += 2)));
        assertEquals(ENHANCE_YOUR_CALM, code);
        assertTrue(handled.get() <= 600, handled + " requests were handled");
    }

    /** 0x42 is a type that has no meaning. */
    @ParameterizedTest
    @CsvSource({PING + ",0,8", SETTINGS + ",0,0", PRIORITY + ",1,5", "0x42,0,0", "0x42,0,100"})
    void clientThatSendsOnlyFramesWithoutAPurposeIsDisconnected(String type, int id, int length)
            throws Exception {
        byte[] frame = frame(Integer.decode(type), 0, id, new byte[length]);
        assertEquals(ENHANCE_YOUR_CALM, flood(repeated(() -> frame)));
    }

    @Test
    void clientThatSendsEmptyDataIsDisconnected() throws Exception {
        byte[] head = request(1, "POST", "/");
        byte[] empty = frame(DATA, 0, 1, new byte[0]);
        assertEquals(
                ENHANCE_YOUR_CALM,
                flood(repeated(() -> handled.getAndIncrement() == 0 ? head : empty)));
    }

    @Test
    void clientThatSendsEmptyContinuationsIsDisconnected() throws Exception {
        byte[] head = frame(HEADERS, END_STREAM, 1, fields(":method", "GET"));
        byte[] empty = frame(CONTINUATION, 0, 1, new byte[0]);
        assertEquals(
                ENHANCE_YOUR_CALM,
                flood(repeated(() -> handled.getAndIncrement() == 0 ? head : empty)));
    }

    /** CVE-2024-27316: a head without an end. */
    @Test
    void clientThatSendsEndlessContinuationsIsDisconnected() throws Exception {
        byte[] head = frame(HEADERS, END_STREAM, 1, fields(":method", "GET"));
        byte[] more = frame(CONTINUATION, 0, 1, fields("a", "x".repeat(1000)));
        int code = flood(repeated(() -> handled.getAndIncrement() == 0 ? head : more));
        assertTrue(code > 0, "GOAWAY " + code);
    }
}
