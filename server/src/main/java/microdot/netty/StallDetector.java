package microdot.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/** Notices a client that takes nothing of what waits for it. Of one event loop. */
final class StallDetector {
    private long mark;
    private long since;

    /** Whether something waits for the client to read. */
    static boolean isWriting(Channel channel) {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        return pending != null && !pending.isEmpty();
    }

    /**
     * Whether the client has taken nothing for longer than the bound, as far as looks so far tell.
     */
    boolean lasts(Channel channel, long now, long bound) {
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
