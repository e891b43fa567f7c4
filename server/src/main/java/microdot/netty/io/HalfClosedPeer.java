package microdot.netty.io;

import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DuplexChannel;

/**
 * A client that closed its sending side while it waits for a response. It may still read; or it
 * closed its socket, which looks the same. Then its system answers a keep-alive probe with a reset,
 * on Linux as soon as it has forgotten the socket: after about a minute. Only with epoll.
 */
public final class HalfClosedPeer {
    private static final int PROBE_SECONDS = 5;
    private static final int PROBES = 6;

    /** The kernel's number of the state that a reset leads to. */
    private static final int CLOSED = 7;

    private HalfClosedPeer() {}

    /** Has the kernel probe the client every few seconds. */
    public static void probe(DuplexChannel channel) {
        if (channel instanceof EpollSocketChannel epoll) {
            epoll.config()
                    .setKeepAlive(true)
                    .setTcpKeepIdle(PROBE_SECONDS)
                    .setTcpKeepIntvl(PROBE_SECONDS)
                    .setTcpKeepCnt(PROBES);
        }
    }

    /**
     * Returns whether the client is gone. Netty does not report it: for a half-closed socket it
     * expects nothing more.
     */
    public static boolean isGone(DuplexChannel channel) {
        return channel instanceof EpollSocketChannel epoll
                && epoll.isOpen()
                && epoll.tcpInfo().state() == CLOSED;
    }
}
