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

    /** Returns where the id line begins; -1 when the event has another id. */
    public int find(byte[] idLine) {
        int start = from;
        if (bytes[start] == 'e') { // The name goes before the id.
            while (bytes[start++] != '\n') {}
        }
        int end = start + idLine.length;
        return end <= to && Arrays.equals(bytes, start, end, idLine, 0, idLine.length) ? start : -1;
    }

    public int length() {
        return to - from;
    }
}
