package microdot.netty.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DefaultByteBufHolder;
import java.nio.charset.StandardCharsets;

/** What a client sent that speaks HTTP/2: its preface (RFC 9113, section 3.4) and what follows. */
final class Http2Preface extends DefaultByteBufHolder {
    private static final byte[] TEXT =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    Http2Preface(ByteBuf bytes) {
        super(bytes);
    }

    /** Returns how many bytes of the preface the buffer begins with; -1 if it begins otherwise. */
    static int matching(ByteBuf buffer) {
        int count = Math.min(buffer.readableBytes(), TEXT.length);
        for (int i = 0; i < count; i++) {
            if (buffer.getByte(buffer.readerIndex() + i) != TEXT[i]) {
                return -1;
            }
        }
        return count;
    }

    /** Returns whether the number is that of all its bytes. */
    static boolean isWhole(int matching) {
        return matching == TEXT.length;
    }
}
