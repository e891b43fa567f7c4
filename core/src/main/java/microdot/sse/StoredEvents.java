package microdot.sse;

import java.util.Arrays;
import microdot.sse.log.EncodedEvent;
import microdot.sse.store.Entry;

/**
 * Events as a store keeps them: the fields as they go on the wire, without the id. The id line goes
 * after the line of the event's name, or first when the event has no name.
 */
final class StoredEvents {
    private static final byte[] NONE = {};

    private StoredEvents() {}

    static byte[] bytes(EncodedEvent event) {
        return StreamClosingFrames.join(event.head(), event.rest());
    }

    static EncodedEvent event(Entry entry) {
        byte[] bytes = entry.bytes();
        int split = bytes.length > 0 && bytes[0] == 'e' ? afterLine(bytes) : 0;
        byte[] head = split == 0 ? NONE : Arrays.copyOf(bytes, split);
        byte[] rest = split == 0 ? bytes : Arrays.copyOfRange(bytes, split, bytes.length);
        return new EncodedEvent(head, rest, entry.id());
    }

    private static int afterLine(byte[] bytes) {
        int at = 0;
        while (at < bytes.length && bytes[at] != '\n') {
            at++;
        }
        return Math.min(at + 1, bytes.length);
    }
}
