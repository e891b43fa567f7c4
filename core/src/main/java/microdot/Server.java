package microdot;

import java.time.Duration;
import java.util.Map;
import microdot.internal.Required;

/** A running server. Every method may be called from any thread. */
public interface Server extends AutoCloseable {
    /** Returns the port that the server listens on: the actual port when the option was 0. */
    int port();

    /** Returns what is open at this moment, and what was counted since the start. */
    Stats stats();

    /**
     * Closes the server: accepts no more connections, ends the streams, interrupts their handlers,
     * and waits up to {@link ServerOptions#closeTimeout()} for them and for requests in progress.
     * Later calls wait for the first.
     */
    @Override
    void close();

    /**
     * Drains and then closes the server. The streams end one after another, spread over the grace
     * time, and each client is sent its own reconnect delay. New streams are rejected with a {@code
     * retry} meanwhile. Other requests are served until the close.
     *
     * @param grace how long to drain, at most until the last stream has ended; zero or less is the
     *     same as {@link #close()}
     */
    void close(Duration grace);

    /** Waits until the server is closed. */
    void awaitClosed() throws InterruptedException;

    /**
     * What is open at a moment, and what was counted since the start.
     *
     * @param connections open connections
     * @param handlers threads that handle a request or write a stream, and requests that wait for a
     *     platform thread ({@link Microdot#blocking}) or, while the CPU is busy, for their turn
     * @param streams streamed bodies that did not end yet
     * @param waiting connections with bytes that their client has not read, or with an unfinished
     *     request of some size
     * @param requests requests that are being handled ({@link ServerOptions#maxRequests}), and
     *     running {@link Microdot#afterResponse} hooks; streams do not count once they have begun
     * @param queued those of them that wait for a platform thread
     * @param rejected requests and streams that a limit rejected since the start
     * @param ended streams that have ended since the start, by their reason; has every reason
     * @param memory the bytes that {@link ServerOptions#maxMemory} counts now
     * @param maxMemory their limit
     * @param addedCarriers carrier threads of the process that the watchdog has added, because
     *     handlers block the others
     */
    record Stats(
            int connections,
            int handlers,
            int streams,
            int waiting,
            int requests,
            int queued,
            long rejected,
            Map<CloseReason, Long> ended,
            long memory,
            long maxMemory,
            int addedCarriers) {
        public Stats {
            ended = Map.copyOf(Required.notNull(ended, "ended", "a number for each reason"));
        }
    }
}
