package microdot.netty.stream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/** Detects a client that reads nothing of what waits for it. Confined to one event loop. */
public final class StallDetector {
    private long mark;
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
            mark = 0;
            return false;
        }
        // A file counts as no bytes, but its progress does.
        long seen =
                pending.totalPendingWriteBytes() * 31
                        + pending.currentProgress() * 17
                        + pending.size();
        if (seen != mark) {
            mark = seen;
            since = now;
        }
        return now - since > bound;
    }
}
