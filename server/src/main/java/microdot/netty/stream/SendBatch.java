package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.Socket;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import microdot.CloseReason;
import microdot.internal.ProcessErrors;
import org.jspecify.annotations.Nullable;

/**
 * Collects the sends of many streams of one event loop and hands them to the kernel together. A
 * stream in the batch writes nothing else before the batch was flushed. Confined to its event loop.
 *
 * <p>Why: docs/decisions/0004-batched-sends.md. It saves 28 to 33 % of the server's CPU per
 * delivery where system calls are expensive, and nothing on a faster machine.
 */
final class SendBatch {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final int CAPACITY = 256;

    /**
     * The frames of sends without a result. They are never released, because the kernel may still
     * read their memory. At most one batch of each loop: its ring is not used again.
     */
    private static final Queue<ByteBuf> UNKNOWN = new ConcurrentLinkedQueue<>();

    /** For fewer sends the ring costs more than it saves. */
    private static final int LEAST_FOR_RING = 4;

    /** A stream that can send past the pipeline. */
    interface Sender {
        Socket socket();

        /**
         * Reports how many bytes of the frame the socket took. The sender sends the rest itself.
         */
        void sent(ByteBuf frame, int count);

        void abort(CloseReason reason);
    }

    private final EventLoop loop;
    private final Consumer<Throwable> failed;
    private final @Nullable Sender[] senders = new Sender[CAPACITY];
    private final @Nullable ByteBuf[] frames = new ByteBuf[CAPACITY];
    private int size;
    private boolean flushing;
    private boolean scheduled; // A task that flushes is in the loop's queue.
    private boolean mayOpenRing;
    private @Nullable SendRing ring;

    /** Creates a batch that uses an io_uring if allowed and available, else one call a send. */
    SendBatch(EventLoop loop, boolean ringAllowed, Consumer<Throwable> failed) {
        this.failed = failed;
        this.loop = loop;
        this.mayOpenRing = ringAllowed;
    }

    /** Adds a frame; {@link Sender#sent} reports what became of it, perhaps within this call. */
    void add(Sender sender, ByteBuf frame) {
        if (flushing || !frame.hasMemoryAddress()) {
            sender.sent(frame, DirectSend.send(sender.socket(), frame));
            return;
        }
        senders[size] = sender;
        frames[size] = frame.retain();
        size++;
        if (size == CAPACITY) {
            flush();
        } else if (!scheduled) {
            scheduleFlush();
        }
    }

    /** Tasks that are already in the loop's queue run first: they may add to the batch. */
    private void scheduleFlush() {
        scheduled = true;
        try {
            loop.execute(
                    () -> {
                        scheduled = false;
                        flush();
                    });
        } catch (RejectedExecutionException e) {
            scheduled = false; // The loop is shutting down.
            flush();
        }
    }

    /** Sends everything in the batch. */
    void flush() {
        if (flushing || size == 0) {
            return;
        }
        flushing = true;
        try {
            SendRing used = size < LEAST_FOR_RING ? null : ring();
            if (used != null) {
                sendWith(used);
            }
            for (int i = 0; i < size; i++) {
                report(i, used);
            }
        } finally {
            size = 0;
            flushing = false;
        }
    }

    private void sendWith(SendRing used) {
        try {
            used.begin(size);
            for (int i = 0; i < size; i++) {
                add(used, i);
            }
            used.run();
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            // The ring is not closed either: closing could submit again what it still holds.
            LOG.log(Level.WARNING, "io_uring failed; each send is a system call from now on", e);
            ring = null;
        }
    }

    private void add(SendRing used, int index) {
        Socket socket = Objects.requireNonNull(senders[index]).socket();
        ByteBuf frame = Objects.requireNonNull(frames[index]);
        // Checked now and not when it was added: a closed descriptor is soon another client's.
        if (socket.isOpen()) {
            long address = frame.memoryAddress() + frame.readerIndex();
            used.add(index, socket.intValue(), address, frame.readableBytes());
        } else {
            used.skip(index);
        }
    }

    private void report(int index, @Nullable SendRing used) {
        Sender sender = Objects.requireNonNull(senders[index]);
        ByteBuf frame = Objects.requireNonNull(frames[index]);
        senders[index] = null;
        frames[index] = null;
        boolean known = used == null || used.isKnown(index);
        try {
            if (used == null) {
                sender.sent(frame, DirectSend.send(sender.socket(), frame));
            } else if (known) {
                sender.sent(frame, used.result(index));
            } else {
                // Sending again could duplicate the frame. The client reconnects and resumes.
                sender.abort(CloseReason.FAILED);
            }
        } catch (RuntimeException | Error e) {
            failed.accept(e);
            // A failed stream does not keep the others from their results.
            LOG.log(Level.ERROR, "a stream failed after a send; its connection is closed", e);
            sender.abort(CloseReason.FAILED);
        } finally {
            if (known) {
                frame.release();
            } else {
                UNKNOWN.add(frame);
            }
        }
    }

    private @Nullable SendRing ring() {
        if (mayOpenRing) {
            mayOpenRing = false;
            ring = SendRing.open(loop, CAPACITY);
        }
        return ring;
    }

    /** Flushes and releases the ring; later sends are system calls of their own. */
    void close() {
        flush();
        SendRing last = ring;
        mayOpenRing = false;
        ring = null;
        if (last != null) {
            last.destroy();
        }
    }
}
