package microdot;

import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The destination of a streamed body: one client's connection. Every method may be called from any
 * thread, except where it says otherwise. A transport implements it; applications meet it only
 * behind {@link microdot.sse.Sse}.
 */
public interface BodySink {
    /**
     * The bytes that a {@link Feed} may put in one fill: 64 KiB. A follower that is far behind thus
     * delays the others of its loop by one slice at most.
     */
    int SLICE_BYTES = 64 << 10;

    /**
     * Hands over the bytes as one unit, which no other write can split. Blocks while more than
     * {@link ServerOptions#streamBuffer()} bytes are unread by the client. The array must not be
     * changed afterwards.
     *
     * @throws ClosedChannelException when the body has ended, for whatever cause; the bytes are not
     *     sent
     * @throws InterruptedException when the thread is interrupted while it waits; the bytes are not
     *     sent
     * @throws IllegalStateException on a thread of the transport that must not block
     */
    void write(byte[] bytes) throws ClosedChannelException, InterruptedException;

    /**
     * Hands over the bytes of one event as {@link #write} does, and counts it as {@link #delivered}
     * does, before the client can have it.
     */
    default void writeEvent(byte[] bytes) throws ClosedChannelException, InterruptedException {
        write(bytes);
        delivered(1);
    }

    /**
     * Ends the body properly, after what was written, because its writer is done. Later calls of
     * this and {@link #abort} do nothing.
     */
    default void end() {
        end(CloseReason.HANDLER_RETURNED);
    }

    /** Ends the body properly, as {@link #end()} does, for another reason. */
    void end(CloseReason reason);

    /**
     * Closes the connection without the body's proper end, because of a failure. Later calls of
     * this and {@link #end} do nothing.
     */
    default void abort() {
        abort(CloseReason.FAILED);
    }

    /** Closes the connection, as {@link #abort()} does, for another reason. */
    void abort(CloseReason reason);

    /**
     * Returns why the body has ended; null while it is open. The actions of {@link #onClose} find
     * it set.
     */
    @Nullable CloseReason closeReason();

    /**
     * Counts events that were handed over, for transports that report how many a stream had.
     * Default: does nothing.
     */
    default void delivered(int events) {}

    /**
     * Notes the failure for which the caller ends the body next, for transports that report it.
     * Default: does nothing.
     */
    default void failed(Throwable failure) {}

    /** Returns false once the body has ended, the client has disconnected or the server stops. */
    boolean isOpen();

    /**
     * Runs the action once when the body has ended, for whatever cause; at once when it has ended
     * already. The action runs on the thread that ended the body, perhaps one of the transport, and
     * must not block.
     */
    void onClose(Runnable action);

    /**
     * Runs the action as {@link #onClose} does, but on its own virtual thread, so that it may
     * block. A transport that waits for its handlers when it stops overrides this and waits for
     * these actions too.
     */
    default void afterClose(Runnable action) {
        onClose(() -> Thread.ofVirtual().name("microdot-after-close").start(action));
    }

    /**
     * Writes what the supplier returns whenever nothing was written for {@link
     * ServerOptions#heartbeat()} and no bytes are unread. Replaces the supplier that was set
     * before. The supplier is called on {@link #loop()} and must not block.
     */
    void keepAlive(Supplier<byte[]> frame);

    /**
     * Returns the time without bytes after which the supplier of {@link #keepAlive} is called, as
     * {@link ServerOptions#heartbeat()} says; zero when it is never called. Default: zero.
     */
    default Duration heartbeat() {
        return Duration.ZERO;
    }

    /**
     * Ends the body properly, with its {@link ClosingFrames}, at a time; the earliest of all times
     * that were set counts.
     */
    void endAt(Instant time);

    /**
     * Hands the body to a feed, for good: the writer may return, its thread ends, and the body
     * continues until the feed or the client ends it. {@link #write} still works, and its bytes go
     * between those of two fills.
     */
    void feed(Feed feed);

    /**
     * Returns the thread that serves this body, as an executor: it runs tasks one after another,
     * and they must not block. Bodies that one thread serves have the same executor.
     */
    Executor loop();

    /** Returns whether the caller is that thread; default false, for writers that never are. */
    default boolean isOnLoop() {
        return false;
    }

    /** Lets the feed fill what the connection can take now. Only on {@link #loop()}. */
    void pull();

    /** Writes a body bit by bit, without its own thread, whenever the connection can take more. */
    @FunctionalInterface
    interface Feed {
        /**
         * Puts what there is until the space has no room. Called on {@link #loop()}; must not
         * block.
         *
         * @return whether more is available already
         */
        boolean fill(Space space);

        /**
         * Returns whether the feed may wait longer for a client that does not read: when not, the
         * transport closes the connection. Asked on {@link #loop()} about once a second while the
         * connection takes nothing; must not block. Default: true.
         */
        default boolean mayWait() {
            return true;
        }
    }

    /** What a connection takes in one fill. */
    interface Space {
        /**
         * Returns how many bytes it still takes. What is put may be larger as long as this is
         * positive.
         */
        int room();

        /** Takes the byte range, which must never be changed afterwards. */
        void put(byte[] bytes, int from, int to);
    }
}
