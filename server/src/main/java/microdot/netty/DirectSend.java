package microdot.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Sends past the pipeline, where nothing stands in it. With thousands of followers no connection is
 * in the processor's cache any more when its turn comes, and each object on the way to its socket
 * costs as much as some work: here there is one, the socket.
 */
final class DirectSend {
    private DirectSend() {}

    /** The channel's socket, when it has one that can be sent to. */
    static @Nullable Socket socketOf(Channel channel) {
        return channel instanceof EpollSocketChannel epoll && epoll.fd() instanceof Socket socket
                ? socket
                : null;
    }

    /**
     * How many of the bytes the socket took; none too when it fails, for the pipeline, which is
     * asked next, will meet the same failure and knows what to do. On the channel's event loop,
     * where nobody else can close it meanwhile.
     */
    static int send(Socket socket, ByteBuf bytes) {
        if (!socket.isOpen() || !bytes.hasMemoryAddress()) {
            return 0;
        }
        try {
            return socket.sendAddress(
                    bytes.memoryAddress(), bytes.readerIndex(), bytes.writerIndex());
        } catch (IOException e) {
            return 0;
        }
    }
}
