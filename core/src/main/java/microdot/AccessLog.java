package microdot;

/**
 * Writes one line for each response that was sent and each stream that has ended: {@code new
 * ServerOptions().accessLog(AccessLog.standard())}.
 *
 * <p>A server calls it on its own thread, so that a slow log delays no client. Up to 8,192 entries
 * wait for that thread; further ones are dropped, and a log line of {@code microdot.netty} says how
 * many.
 */
@FunctionalInterface
public interface AccessLog {
    /** Writes the entry. May block. What it throws is logged. */
    void log(AccessLogEntry entry);

    /**
     * Returns the log that writes lines such as {@code 192.0.2.7 GET /events 200 bytes=18233
     * events=120 seconds=61.204 end=CLIENT_CLOSED} at level INFO to the {@link System.Logger}
     * {@code microdot.access}. A response has no {@code events}, and an {@code end} only if its
     * client did not get all of it.
     */
    static AccessLog standard() {
        return entry -> AccessLogLines.log(entry, AccessLogLines::standard);
    }

    /**
     * Returns the log that writes the same as one JSON object a line, with the names {@code
     * client}, {@code method}, {@code path}, {@code route}, {@code status}, {@code bytes}, {@code
     * events}, {@code seconds} and {@code end}.
     */
    static AccessLog json() {
        return entry -> AccessLogLines.log(entry, AccessLogLines::json);
    }
}
