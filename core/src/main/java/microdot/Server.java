package microdot;

import java.time.Duration;

/** A running server. Every method may be called from any thread. */
public interface Server extends AutoCloseable {
    /** The port it listens on: the real one when 0 was asked for. */
    int port();

    /** What is open now. */
    Stats stats();

    /**
     * Stops: takes no more connections, ends the streams, interrupts their handlers and waits up to
     * {@link ServerOptions#closeTimeout()} for them and for requests in progress. Later calls wait
     * for the first.
     */
    @Override
    void close();

    /**
     * Drains, then closes: the streams end one after another over the time, each with a time of its
     * own for its client to come again; who wants a new one meanwhile is told to come later. Plain
     * requests are served until the close.
     *
     * @param grace over how long, at most until the last stream has ended; zero and less is {@link
     *     #close()}
     */
    void close(Duration grace);

    /** Waits until the server is closed. */
    void awaitClosed() throws InterruptedException;

    /**
     * What is open at one moment.
     *
     * @param connections open connections
     * @param handlers virtual threads that handle a request or write a stream
     * @param streams streamed bodies that have not ended
     */
    record Stats(int connections, int handlers, int streams) {}
}
