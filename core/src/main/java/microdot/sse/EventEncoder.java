package microdot.sse;

import microdot.JsonCodec;

/** Placeholder until the encoder lands. */
final class EventEncoder {
    private EventEncoder() {}

    static byte[] encode(Event event, JsonCodec json) {
        return ("data: " + event.data() + "\n\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    static byte[] comment(String text) {
        return (": " + text + "\n\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
}
