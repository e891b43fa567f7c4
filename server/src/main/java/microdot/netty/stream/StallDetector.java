package microdot.netty.stream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import java.util.concurrent.TimeUnit;

/** Detects a client that reads nothing of what waits for it. Confined to one event loop. */
public final class StallDetector {
    private static final int NOTHING = -1;

    private int current; // Identifies the message that is being written.
    private long bytes;
    private long progress = NOTHING;
    private long since;

    /** Returns whether the channel holds bytes that the socket has not taken. */
    public static boolean isWriting(Channel channel) {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        return pending != null && !pending.isEmpty();
    }

    /**
     * Returns whether the client has read nothing for longer than the bound, as far as the calls of
     * this method can tell.
     *
     * @param now from {@link System#nanoTime}
     * @param bound in nanoseconds
     */
    public boolean isStalled(Channel channel, long now, long bound) {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        if (pending == null || pending.isEmpty()) {
            progress = NOTHING; // What comes next has only begun to wait.
            return false;
        }
        if (hasTaken(pending)) {
            since = now;
        }
        return now - since > bound;
    }

    /** Returns whether the call at this time found that the client has read. */
    public boolean hasReadAt(long now) {
        return since == now;
    }

    /** Returns whether the socket has taken bytes; what was added since says nothing. */
    private boolean hasTaken(ChannelOutboundBuffer pending) {
        int oldCurrent = current;
        long oldBytes = bytes;
        long oldProgress = progress;
        // Not the message itself, which would be kept; nothing is flushed yet if there is none.
        current = System.identityHashCode(pending.current());
        bytes = pending.totalPendingWriteBytes();
        progress = pending.currentProgress(); // A file counts as no bytes, but its progress does.
        return bytes < oldBytes || current != oldCurrent || progress != oldProgress;
    }

    /**
     * Asks the kernel too, after {@link #isStalled(Channel, long, long)} was true. A client that
     * reads slowly takes bytes out of the buffer of the kernel, and the socket takes further ones
     * only when a good part of that buffer is free: with large buffers this can last for minutes.
     */
    boolean isStalled(EpollSocketChannel channel, EpollTcpInfo info, long now, long bound) {
        channel.tcpInfo(info);
        // Probes of a closed window are acknowledged too, so that an acknowledgement is progress
        // only while bytes are in flight. Bytes that are no longer in flight were acknowledged
        // after they were sent.
        long milliseconds = info.unacked() > 0 ? info.lastAckRecv() : info.lastDataSent();
        long last = now - TimeUnit.MILLISECONDS.toNanos(milliseconds);
        if (last - since > 0) {
            since = last;
        }
        return now - since > bound;
    }
}
