package microdot.netty.limits;

import microdot.Headers;

/**
 * Estimates what requests take in memory. The constants are those of a JVM with compressed
 * pointers, rounded up.
 */
public final class RequestMemory {
    /** The heads of requests that are being handled count from this size on. */
    public static final int LARGE_HEAD = 8 << 10;

    /** The objects of a field, without its characters. */
    private static final int FIELD = 160;

    /** The objects of a request, without its fields. */
    private static final int REQUEST = 1024;

    /** The objects of a segment of the path. */
    private static final int SEGMENT = 56;

    private RequestMemory() {}

    /**
     * Returns the size of an unfinished head; 0 if none has begun.
     *
     * @param line the bytes of the request line
     * @param fields the number of header fields
     * @param bytes those of the fields
     */
    public static long ofHead(int line, int fields, int bytes) {
        return line == 0 ? 0 : REQUEST + line + (long) fields * FIELD + bytes;
    }

    /** Returns the size of a request without its body. */
    public static long of(String target, Headers headers) {
        long[] size = {REQUEST + 2L * target.length()}; // Path and query, encoded and decoded.
        for (int i = target.indexOf('/'); i >= 0; i = target.indexOf('/', i + 1)) {
            size[0] += SEGMENT;
        }
        headers.forEach((name, value) -> size[0] += FIELD + name.length() + value.length());
        return size[0];
    }
}
