package microdot.netty.http;

import microdot.Headers;

/**
 * Estimates what requests take in memory. The constants are those of a JVM with compressed
 * pointers, rounded up.
 */
final class RequestMemory {
    /** The objects of a field, without its characters. */
    private static final int FIELD = 160;

    /** The objects of a request, without its fields. */
    private static final int REQUEST = 1024;

    private RequestMemory() {}

    /** Returns the size of an unfinished head; 0 if none has begun. */
    static long of(int fields, int bytes) {
        return fields == 0 ? 0 : REQUEST + (long) fields * FIELD + bytes;
    }

    /** Returns the size of a whole request. */
    static long of(Headers headers, int body) {
        long[] size = {REQUEST + body};
        headers.forEach((name, value) -> size[0] += FIELD + name.length() + value.length());
        return size[0];
    }
}
