package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.Socket;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What the streams of one event loop are to be sent next, each something of its own or all the
 * same: collected while their turns last, and handed to the kernel together. A stream that is in it
 * writes nothing else before it was sent. Of one event loop.
 */
final class SendBatch {
    private static final Logger LOG = System.getLogger("microdot.netty");
    private static final int CAPACITY = 256;

    /** For fewer the ring costs more than it saves. */
    private static final int WORTH_A_RING = 4;

    private final EventLoop loop;
    private final @Nullable ChannelSink[] sinks = new ChannelSink[CAPACITY];
    private final @Nullable ByteBuf[] frames = new ByteBuf[CAPACITY];
    private int size;
    private boolean flushing;
    private boolean awaited; // A task that flushes is with the loop.
    private boolean mayOpen;
    private @Nullable SendRing ring;

    /** With rings, should there be any; without, each send is a system call of its own. */
    SendBatch(EventLoop loop, boolean rings) {
        this.loop = loop;
        this.mayOpen = rings;
    }

    /** Adds it; the stream is told by {@link ChannelSink#sent} what became of it. */
    void add(ChannelSink sink, ByteBuf frame) {
        if (flushing || !frame.hasMemoryAddress()) {
            sink.sent(frame, DirectSend.send(sink.socket(), frame));
            return;
        }
        sinks[size] = sink;
        frames[size] = frame.retain();
        size++;
        if (size == CAPACITY) {
            flush();
        } else if (!awaited) {
            awaitFlush();
        }
    }

    /** Tasks that are with the loop already come first: perhaps they add to it. */
    private void awaitFlush() {
        awaited = true;
        try {
            loop.execute(
                    () -> {
                        awaited = false;
                        flush();
                    });
        } catch (RejectedExecutionException e) {
            awaited = false; // The loop ends.
            flush();
        }
    }

    /** Sends all that is in it. */
    void flush() {
        if (flushing || size == 0) {
            return;
        }
        flushing = true;
        try {
            SendRing together = size < WORTH_A_RING ? null : ring();
            if (together != null) {
                sendWith(together);
            }
            for (int i = 0; i < size; i++) {
                tell(i, together);
            }
        } finally {
            size = 0;
            flushing = false;
        }
    }

    private void sendWith(SendRing together) {
        try {
            together.begin(size);
            for (int i = 0; i < size; i++) {
                add(together, i);
            }
            together.run();
        } catch (RuntimeException | Error e) {
            // It is not even closed: that could send once more what it holds still.
            LOG.log(Level.WARNING, "io_uring failed; each send is a system call from now on", e);
            ring = null;
        }
    }

    private void add(SendRing together, int index) {
        Socket socket = Objects.requireNonNull(sinks[index]).socket();
        ByteBuf frame = Objects.requireNonNull(frames[index]);
        if (socket.isOpen()) {
            long address = frame.memoryAddress() + frame.readerIndex();
            together.add(index, socket.intValue(), address, frame.readableBytes());
        } else {
            together.skip(index);
        }
    }

    private void tell(int index, @Nullable SendRing together) {
        ChannelSink sink = Objects.requireNonNull(sinks[index]);
        ByteBuf frame = Objects.requireNonNull(frames[index]);
        sinks[index] = null;
        frames[index] = null;
        try {
            if (together == null) {
                sink.sent(frame, DirectSend.send(sink.socket(), frame));
            } else if (together.isKnown(index)) {
                sink.sent(frame, together.result(index));
            } else {
                sink.abort(); // To send it again could double it. Its client comes back.
            }
        } catch (RuntimeException | Error e) {
            // One that fails does not keep the others from being told.
            LOG.log(Level.ERROR, "a stream could not go on", e);
            sink.abort();
        } finally {
            frame.release();
        }
    }

    private @Nullable SendRing ring() {
        if (mayOpen) {
            mayOpen = false;
            ring = SendRing.open(loop, CAPACITY);
        }
        return ring;
    }

    /** The loop ends: what is still sent goes out one by one. */
    void close() {
        flush();
        SendRing last = ring;
        mayOpen = false;
        ring = null;
        if (last != null) {
            last.destroy();
        }
    }
}
