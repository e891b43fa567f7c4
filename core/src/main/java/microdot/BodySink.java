package microdot;

import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;

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
     * Runs the action as {@link #onClose} does, but on a virtual thread of its own, so that it may
     * block. A transport that waits for its handlers when it stops overrides this and waits for
     * these too.
     */
    default void afterClose(Runnable action) {
        onClose(() -> Thread.ofVirtual().name("microdot-after-close").start(action));
    }

    /**
     * Writes what the supplier gives whenever nothing was written for {@link
     * ServerOptions#heartbeat()}, and nothing waits to be read. Replaces what was set before. The
     * supplier is called on {@link #loop()} and must not block.
     */
    void keepAlive(Supplier<byte[]> frame);

    /**
     * What is written last when the server, not the writer or the client, ends the body: because it
     * stops, or because the body has come of age. Replaces what was set before. The function is
     * given the time after which the server would have this client come again; it is called on
     * {@link #loop()} and must not block.
     */
    void closingFrames(Function<Duration, byte[]> last);

    /**
     * Ends the body properly, with its farewell, at a time; the earliest of all that were set
     * counts.
     */
    void endAt(Instant time);

    /**
     * Hands the body to a feed, for good: the writer may return, its thread ends, and the body goes
     * on until the feed or the client ends it. {@link #write} still works, and its bytes go between
     * those of two fills.
     */
    void feed(Feed feed);

    /**
     * The thread that serves this body, as an executor: it runs tasks one after another, and they
     * must not block. Bodies that one thread serves have the same executor.
     */
    Executor loop();

    /** Whether the caller is that thread; default false, for writers that never are. */
    default boolean isOnLoop() {
        return false;
    }

    /** Has the feed fill what the connection can take now. On {@link #loop()} only. */
    void pull();

    /**
     * Writes a body bit by bit, without a thread of its own, whenever its connection can take more.
     */
    @FunctionalInterface
    interface Feed {
        /**
         * Puts what there is until the space has no room. Called on {@link #loop()}; must not
         * block.
         *
         * @return whether more is there already
         */
        boolean fill(Space space);
    }

    /** What a connection takes in one turn. */
    interface Space {
        /** Bytes that it still takes; what is put may be larger as long as this is positive. */
        int room();

        /** Takes the stretch, which must never be changed after. */
        void put(byte[] bytes, int from, int to);
    }
}
