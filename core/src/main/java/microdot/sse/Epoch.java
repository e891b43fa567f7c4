package microdot.sse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One life of the topics, as the ids of its positions are written. */
final class Epoch {
    private final String name = EventId.newEpoch();
    private final byte[] start = ("id: " + name + "-").getBytes(StandardCharsets.US_ASCII);

    boolean isOf(EventId id) {
        return id.epoch().equals(name);
    }

    String id(long position) {
        return name + "-" + position;
    }

    /** The field, with its line's end. */
    byte[] idLine(long position) {
        byte[] digits = Long.toString(position).getBytes(StandardCharsets.US_ASCII);
        byte[] line = Arrays.copyOf(start, start.length + digits.length + 1);
        System.arraycopy(digits, 0, line, start.length, digits.length);
        line[line.length - 1] = '\n';
        return line;
    }
}
