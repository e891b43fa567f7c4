package microdot.sse.log;

import java.util.Arrays;

/**
 * One event as it goes on the wire, and its position.
 *
 * @param bytes shared, never changed
 */
@SuppressWarnings(
        "ArrayRecordComponent") // Frames are not compared, and their bytes belong to a segment.
public record Frame(long position, byte[] bytes, int from, int to) {

    /** Copies the bytes, for a frame that must outlive the segment. */
    static Frame copyOf(Segment segment, int index) {
        byte[] copy = Arrays.copyOfRange(segment.bytes(), segment.start(index), segment.end(index));
        return new Frame(segment.position(index), copy, 0, copy.length);
    }

    static Frame in(Segment segment, int index) {
        return new Frame(
                segment.position(index), segment.bytes(), segment.start(index), segment.end(index));
    }

    public int length() {
        return to - from;
    }
}
