package microdot.sse.log;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * An event that is encoded except for its id, which is known only when it is appended. The id line
 * then goes between the two parts, after the event's name, as the order of fields requires.
 *
 * @param head what goes before the id line
 * @param rest what goes after it
 * @param userId the id that the publisher gave the event; null when its position is its id
 */
@SuppressWarnings("ArrayRecordComponent") // Not compared, and a copy of each would cost.
public record EncodedEvent(byte[] head, byte[] rest, @Nullable String userId) {

    /** Returns the field with this id, with the end of its line. */
    static byte[] idLine(String id) {
        return ("id: " + id + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the line with its own id, or with that of its position. */
    public byte[] idLine(Epoch ids, long position) {
        return userId == null ? ids.idLine(position) : idLine(userId);
    }

    int length() {
        return head.length + rest.length;
    }

    /** Writes the whole frame and returns its end. */
    int writeTo(byte[] target, int at, byte[] idLine) {
        int end = put(head, target, at);
        end = put(idLine, target, end);
        return put(rest, target, end);
    }

    /** Returns the whole frame. */
    public byte[] toBytes(byte[] idLine) {
        var frame = new byte[length() + idLine.length];
        writeTo(frame, 0, idLine);
        return frame;
    }

    private static int put(byte[] bytes, byte[] target, int at) {
        System.arraycopy(bytes, 0, target, at, bytes.length);
        return at + bytes.length;
    }
}
