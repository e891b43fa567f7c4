package microdot.sse;

import java.nio.charset.StandardCharsets;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;

/**
 * An event encoded but for its id, which is known only when its place in the log is: then it is put
 * in behind the name, where the order of fields wants it.
 */
record EncodedEvent(byte[] head, byte[] rest, @Nullable String userId) {

    static EncodedEvent of(Event event, JsonCodec json) {
        byte[] rest = EventEncoder.encode(event.event(null).id(null), json);
        byte[] head = event.event() == null ? new byte[0] : line("event: ", event.event());
        if (head.length + rest.length > Event.MAX_BYTES) {
            throw EventEncoder.tooLarge(Integer.toString(head.length + rest.length));
        }
        return new EncodedEvent(head, rest, event.id());
    }

    static byte[] idLine(String id) {
        return line("id: ", id);
    }

    private static byte[] line(String field, String value) {
        return (field + value + "\n").getBytes(StandardCharsets.UTF_8);
    }

    int length() {
        return head.length + rest.length;
    }

    /** Writes the whole frame and gives its end. */
    int writeTo(byte[] target, int at, byte[] idLine) {
        int end = put(head, target, at);
        end = put(idLine, target, end);
        return put(rest, target, end);
    }

    byte[] toBytes(byte[] idLine) {
        var frame = new byte[length() + idLine.length];
        writeTo(frame, 0, idLine);
        return frame;
    }

    private static int put(byte[] bytes, byte[] target, int at) {
        System.arraycopy(bytes, 0, target, at, bytes.length);
        return at + bytes.length;
    }
}
