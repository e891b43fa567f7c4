package microdot.netty.http;

import java.util.function.LongSupplier;
import microdot.netty.tls.TlsHandler;
import org.jspecify.annotations.Nullable;

/**
 * What an HTTP/1.1 connection is doing: it serves requests, is a stream, or waits for the client to
 * close. Each phase is an object that holds the state of that phase. On the connection's event
 * loop.
 */
interface ConnectionPhase {
    /** Handles a message; the caller releases it. */
    void read(Object message);

    /** All messages of one read have been passed to {@link #read}. */
    default void readComplete() {}

    /** The client has closed its sending side. */
    void inputClosed();

    /** Closes the connection if something is overdue; {@code now} from {@link System#nanoTime}. */
    void tick(long now);

    /** The server stops. */
    void stop();

    /** The pipeline failed. Returns true if the phase has closed the connection and logged why. */
    default boolean failed(Throwable cause) {
        return false;
    }

    /**
     * The TLS handshake has ended.
     *
     * @param failure null if it succeeded
     */
    default void handshake(TlsHandler tls, @Nullable Throwable failure) {}

    /** The client sends HTTP without TLS to a port for TLS: it gets a response that it can read. */
    default void plainText() {}

    /**
     * Returns whether the connection is closed by this phase alone, also after the client's
     * close_notify.
     */
    default boolean isEnding() {
        return false;
    }

    /** The connection is closed. */
    void closed();

    /** Ends a stream, or the wait for events, at the time that the supplier gives. */
    default void drain(LongSupplier ends) {}
}
