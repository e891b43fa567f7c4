package microdot.netty;

import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;

/**
 * Finds out whether a peer has vanished without a word (a cable pulled, a phone in a tunnel), by
 * what the kernel knows of the connection: bytes on their way and no acknowledgement of anything
 * for too long. A peer that lives but does not read acknowledges still, which is why
 * TCP_USER_TIMEOUT, which counts a closed window as silence, would not do.
 */
final class DeadPeerProbe {
    private long unansweredSince;
    private long answeredWrite;
    private long askedAt;

    /** Whether the peer has been silent longer than the bound. */
    boolean isGone(
            EpollSocketChannel channel, EpollTcpInfo info, long lastWrite, long now, long bound) {
        if (lastWrite == answeredWrite) {
            return false; // All that was written is acknowledged: no need to ask.
        }
        // Of thousands of busy streams a question each second would be a load of its own.
        if (now - askedAt < bound / 8) {
            return false;
        }
        askedAt = now;
        channel.tcpInfo(info);
        // One probe of a closed window may be on its way to a living peer; two in a row have no
        // answer.
        if (info.unacked() == 0 && info.probes() < 2) {
            unansweredSince = 0;
            if (info.probes() == 0 && channel.unsafe().outboundBuffer().isEmpty()) {
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
