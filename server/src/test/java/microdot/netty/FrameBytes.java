package microdot.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What a client sends over HTTP/2: the preface, and frames that an input describes. Each begins
 * with its type, flags, stream and length, of one byte each, so that a changed input still has
 * frames. The type 0xFF stands for bytes without the head of a frame.
 */
final class FrameBytes {
    static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static final int HEAD = 9;

    private static final int RAW = 0xFF;
    private static final int WINDOW = 65_535;
    private static final int FRAME = 16_384;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Map<Integer, Integer> streams = new HashMap<>();
    private long window = WINDOW;
    private int longest = FRAME;
    private boolean raw;

    FrameBytes(byte[] input) {
        bytes.writeBytes(PREFACE.getBytes(ISO_8859_1));
        int at = 0;
        while (at + 4 <= input.length) {
            int length = Math.min(input[at + 3] & 0xFF, input.length - at - 4);
            byte[] payload = Arrays.copyOfRange(input, at + 4, at + 4 + length);
            add(input[at] & 0xFF, input[at + 1], input[at + 2] & 0xFF, payload);
            at += 4 + length;
        }
    }

    private void add(int type, byte flags, int stream, byte[] payload) {
        if (type == RAW) {
            raw = true;
            bytes.writeBytes(payload);
            return;
        }
        bytes.writeBytes(
                new byte[] {
                    0, 0, (byte) payload.length, (byte) type, flags, 0, 0, 0, (byte) stream
                });
        bytes.writeBytes(payload);
        switch (type) {
            case 1 -> streams.merge(stream, 1, Integer::sum);
            case 4 -> settings(payload);
            case 8 -> window += stream == 0 && payload.length == 4 ? number(payload, 0) : 0;
            default -> {}
        }
    }

    private void settings(byte[] payload) {
        for (int at = 0; at + 6 <= payload.length; at += 6) {
            boolean isFrameSize = payload[at] == 0 && payload[at + 1] == 5;
            longest = isFrameSize ? Math.max(longest, number(payload, at + 2)) : longest;
        }
    }

    static int number(byte[] bytes, int at) {
        return ((bytes[at] & 0x7F) << 24)
                | ((bytes[at + 1] & 0xFF) << 16)
                | ((bytes[at + 2] & 0xFF) << 8)
                | (bytes[at + 3] & 0xFF);
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    /** Returns whether there may be other frames than those that were counted. */
    boolean isRaw() {
        return raw;
    }

    /** Returns how many HEADERS there are for each stream that has any. */
    Map<Integer, Integer> streams() {
        return streams;
    }

    /** Returns how many bytes of bodies the client takes at most. */
    long window() {
        return window;
    }

    /** Returns the longest frame that the client takes at any time. */
    int longest() {
        return longest;
    }
}
