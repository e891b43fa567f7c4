package microdot.netty.io;

import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DuplexChannel;

/**
 * A client whose connection is not read at present, because what it sent waits for a handler. Epoll
 * reports when it resets the connection. Java's NIO reports that only after all that arrived before
 * is read.
 */
public final class UnreadPeer {
    /** The memory up to which a connection is read on to learn of a reset. */
    private static final int MAX_MEMORY = 1 << 20;

    private UnreadPeer() {}

    /**
     * Reads on a little if a reset can be noticed only by that. On the event loop, now and then.
     *
     * @param memory what the input of the connection takes already, in bytes
     */
    public static void probe(DuplexChannel channel, long memory) {
        if (!(channel instanceof EpollSocketChannel)
                && !channel.config().isAutoRead()
                && memory < MAX_MEMORY) {
            channel.read(); // Up to 64 KiB, once.
        }
    }
}
