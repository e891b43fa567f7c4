package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks what a client has received over HTTP/2: frames in an order that the streams allow. */
final class ResponseFrames {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RESET = 3;
    private static final int PUSH = 5;
    private static final int WINDOW_UPDATE = 8;
    private static final int CONTINUATION = 9;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    private static final class Stream {
        @Nullable Http2Headers head;
        long body;
        boolean ended;
        boolean reset;
    }

    private final FrameBytes sent;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private final Map<Integer, Stream> streams = new HashMap<>();
    private final ByteArrayOutputStream block = new ByteArrayOutputStream();
    private int blockOf; // The stream of an unfinished block of header fields; 0 if there is none.
    private boolean blockEnds;
    private long bodies;

    private ResponseFrames(FrameBytes sent) {
        this.sent = sent;
    }

    static void check(FrameBytes sent, byte[] received) throws Http2Exception {
        var frames = new ResponseFrames(sent);
        int at = 0;
        while (at < received.length) {
            assertTrue(at + FrameBytes.HEAD <= received.length, "half a frame");
            int length = FrameBytes.number(received, at) >>> 8;
            assertTrue(length <= sent.longest(), () -> "a frame of " + length + " bytes");
            int end = at + FrameBytes.HEAD + length;
            assertTrue(end <= received.length, "half a frame");
            byte[] payload = Arrays.copyOfRange(received, at + FrameBytes.HEAD, end);
            int stream = FrameBytes.number(received, at + 5);
            frames.read(received[at + 3], received[at + 4], stream, payload);
            at = end;
        }
        frames.atEnd();
    }

    private void read(int type, int flags, int id, byte[] payload) throws Http2Exception {
        assertEquals(blockOf, type == CONTINUATION ? id : 0, "within a block of header fields");
        if (id == 0) {
            assertTrue(type != DATA && type != HEADERS && type != RESET, () -> "type " + type);
            return;
        }
        // Streams below one that was opened are closed, and may be reset (RFC 9113, section 5.1.1).
        boolean closed =
                type == RESET && sent.streams().keySet().stream().anyMatch(other -> other > id);
        boolean known = sent.isRaw() || closed || sent.streams().containsKey(id);
        assertTrue(id % 2 == 1 && known, () -> "stream " + id);
        Stream stream = streams.computeIfAbsent(id, any -> new Stream());
        boolean ends = (flags & END_STREAM) != 0;
        switch (type) {
            case HEADERS -> {
                // Netty does not open a stream for a malformed head. If the client uses its number
                // again, which it may not, that is a new stream.
                if (stream.head == null && sent.streams().getOrDefault(id, 0) > 1) {
                    stream.reset = false;
                }
                assertFalse(stream.ended || stream.reset, () -> "HEADERS after the end of " + id);
                blockEnds = ends;
                headers(stream, flags, id, payload);
            }
            case CONTINUATION -> headers(stream, flags, id, payload);
            case DATA -> {
                assertFalse(stream.ended || stream.reset, () -> "DATA after the end of " + id);
                assertNotNull(stream.head, () -> "DATA before HEADERS of " + id);
                stream.body += payload.length;
                stream.ended = ends;
                bodies += payload.length;
                assertTrue(sent.isRaw() || bodies <= sent.window(), "more than the window");
            }
            case RESET -> {
                assertEquals(4, payload.length);
                stream.reset = true;
            }
            case WINDOW_UPDATE -> assertEquals(4, payload.length);
            default -> throw new AssertionError("type " + type + (type == PUSH ? ": push" : ""));
        }
    }

    private void headers(Stream stream, int flags, int id, byte[] payload) throws Http2Exception {
        block.writeBytes(payload);
        if ((flags & END_HEADERS) == 0) {
            blockOf = id;
            return;
        }
        blockOf = 0;
        var head = decoder.decodeHeaders(id, Unpooled.wrappedBuffer(block.toByteArray()));
        block.reset();
        String status = String.valueOf(head.status());
        assertTrue(status.matches("[1-5]\\d\\d"), status);
        assertFalse(status.equals("500"), () -> "stream " + id + ": 500");
        if (!status.startsWith("1")) {
            assertEquals(null, stream.head, () -> "a second response on " + id);
            stream.head = head;
            stream.ended = blockEnds;
        }
    }

    private void atEnd() {
        assertEquals(0, blockOf, "an unfinished block of header fields");
        for (Map.Entry<Integer, Stream> entry : streams.entrySet()) {
            Stream stream = entry.getValue();
            Http2Headers head = stream.head;
            CharSequence length = head == null ? null : head.get("content-length");
            // The response to a HEAD has no body.
            if (length != null && stream.ended && stream.body > 0) {
                assertEquals(Long.parseLong(length.toString()), stream.body, "content-length");
            }
        }
    }
}
