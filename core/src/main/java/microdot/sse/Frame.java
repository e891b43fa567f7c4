package microdot.sse;

import java.util.Arrays;

/**
 * Bytes as they go on the wire, one or more whole events, and the position that they bring a client
 * to.
 *
 * @param bytes shared, never changed
 */
@SuppressWarnings(
        "ArrayRecordComponent") // Frames are not compared, and their bytes belong to a segment.
record Frame(long position, byte[] bytes, int from, int to) {

    Frame(long position, byte[] bytes) {
        this(position, bytes, 0, bytes.length);
    }

    /** For what must outlive the segment. */
    static Frame copyOf(Segment segment, int at) {
        byte[] copy = Arrays.copyOfRange(segment.bytes, segment.start(at), segment.end(at));
        return new Frame(segment.position(at), copy);
    }

    static Frame in(Segment segment, int at) {
        return new Frame(segment.position(at), segment.bytes, segment.start(at), segment.end(at));
    }
}
