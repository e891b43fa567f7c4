package microdot;

import java.nio.channels.ClosedChannelException;

/**
 * Where a streamed body goes: one client's connection. Every method may be called from any thread.
 * A transport implements it; applications meet it only behind {@link microdot.sse.Sse}.
 */
public interface BodySink {
    /**
     * Hands over the bytes as one whole, which no other write can split. Blocks while more than
     * {@link ServerOptions#streamBuffer()} bytes wait for the client to read. The array must not be
     * changed after.
     *
     * @throws ClosedChannelException when the body has ended, for whatever cause; the bytes are not
     *     sent
     * @throws InterruptedException when the thread is interrupted while it waits; the bytes are not
     *     sent
     * @throws IllegalStateException on a thread of the transport that must not block
     */
    void write(byte[] bytes) throws ClosedChannelException, InterruptedException;

    /**
     * Ends the body properly, after what was written. Later calls of this and {@link #abort} do
     * nothing.
     */
    void end();

    /**
     * Cuts the connection without the body's proper end. Later calls of this and {@link #end} do
     * nothing.
     */
    void abort();

    /** False once the body has ended, the client has gone or the server stops. */
    boolean isOpen();

    /**
     * Runs the action once when the body has ended, for whatever cause; at once when it has
     * already. It runs on the thread that ended the body, perhaps one of the transport, and must
     * not block.
     */
    void onClose(Runnable action);

    /**
     * Writes the bytes whenever nothing was written for {@link ServerOptions#heartbeat()}, and
     * nothing waits to be read. Replaces what was set before.
     */
    void keepAlive(byte[] bytes);
}
