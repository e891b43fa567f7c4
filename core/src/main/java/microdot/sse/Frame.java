package microdot.sse;

import java.util.Arrays;

/**
 * One event as it goes on the wire, and its position.
 *
 * @param bytes shared, never changed
 */
@SuppressWarnings(
        "ArrayRecordComponent") // Frames are not compared, and their bytes belong to a segment.
record Frame(long position, byte[] bytes, int from, int to) {

    /** For what must outlive the segment. */
    static Frame copyOf(Segment segment, int at) {
        byte[] copy = Arrays.copyOfRange(segment.bytes, segment.start(at), segment.end(at));
        return new Frame(segment.position(at), copy, 0, copy.length);
    }

    static Frame in(Segment segment, int at) {
        return new Frame(segment.position(at), segment.bytes, segment.start(at), segment.end(at));
    }

    int length() {
        return to - from;
    }
}
