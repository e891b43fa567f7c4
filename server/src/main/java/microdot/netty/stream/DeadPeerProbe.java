package microdot.netty.stream;

import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;

/**
 * Detects a peer that vanished without closing its connection (a cable pulled, a phone in a
 * tunnel). It asks the kernel whether bytes are in flight and nothing was acknowledged for too
 * long. A peer that lives but does not read still acknowledges. TCP_USER_TIMEOUT would not do: it
 * counts a closed window as silence. One for each connection; confined to its event loop.
 */
public final class DeadPeerProbe {
    private long unansweredSince;
    private long answeredWrite;
    private long askedAt;

    /** Returns whether the peer has been silent for longer than the bound; times in nanoseconds. */
    boolean isGone(
            EpollSocketChannel channel, EpollTcpInfo info, long lastWrite, long now, long bound) {
        if (lastWrite == answeredWrite) {
            return false; // Everything that was written is acknowledged: no need to ask.
        }
        // With thousands of busy streams, one system call a second for each would be a load.
        if (now - askedAt < bound / 8) {
            return false;
        }
        askedAt = now;
        channel.tcpInfo(info);
        // One probe of a closed window may be in flight to a living peer. Two in a row mean that
        // the first was not answered.
        if (info.unacked() == 0 && info.probes() < 2) {
            unansweredSince = 0;
            if (info.probes() == 0 && !StallDetector.isWriting(channel)) {
                answeredWrite = lastWrite;
            }
            return false;
        }
        if (unansweredSince == 0) {
            unansweredSince = now;
        }
        return now - unansweredSince > bound && info.lastAckRecv() * 1_000_000 > bound;
    }
}
