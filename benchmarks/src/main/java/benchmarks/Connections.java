package benchmarks;

import java.io.IOException;

/**
 * The connections of a load client to one server. Confined to one thread, which also does all the
 * reading, in {@link #pump}.
 */
interface Connections extends AutoCloseable {
    /** Takes what has arrived on a connection. */
    @FunctionalInterface
    interface Bytes {
        void take(byte[] bytes, int from, int to);
    }

    /** Takes the response to a request for a stream. */
    interface Receiver extends Bytes {
        /** The head has arrived. */
        void begun(int status);

        /** The stream has ended, or could not begin. */
        void ended();
    }

    /** Asks for one more stream. */
    void open(String path, Receiver receiver) throws IOException;

    /**
     * Opens the connection of the publisher, which speaks HTTP/1.1 on every wire.
     *
     * @param responses gets the responses as they arrive
     */
    void connectPublisher(Bytes responses) throws IOException;

    /** Sends a whole request on the connection of the publisher. */
    void send(byte[] request) throws IOException;

    /**
     * Reads what has arrived.
     *
     * @param until how long to wait if nothing has arrived, by {@link System#nanoTime}
     */
    void pump(long until) throws IOException;

    /** Closes all streams. Their receivers may still be notified of their end. */
    void closeStreams() throws IOException;

    /** The next connections resume the sessions of those that were opened before. */
    void resumeSessions();

    /** Returns how many handshakes so far were full ones, which resumed no session. */
    int fullHandshakes();

    @Override
    void close() throws IOException;
}
