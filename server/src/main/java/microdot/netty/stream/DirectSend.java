package microdot.netty.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.epoll.AbstractEpollStreamChannel;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import microdot.netty.tls.TlsHandler;
import org.jspecify.annotations.Nullable;

/**
 * Sends to a socket without the pipeline, when nothing is in the pipeline. With thousands of
 * followers, a connection is no longer in the processor's cache when its slice comes, and each
 * object on the way to its socket costs as much as some work: here there is only the socket.
 *
 * <p>Why: docs/decisions/0009-how-a-delivery-became-cheap.md. A delivery to 1,000 followers costs
 * 1.3 to 1.5 times the CPU of a bare epoll program in C; through the pipeline it cost 1.7.
 */
final class DirectSend {
    private DirectSend() {}

    /**
     * Returns the channel's socket, or null if there is none that can be sent to directly. Over TLS
     * everything goes through the pipeline, which encrypts it.
     */
    static @Nullable Socket socketOf(Channel channel) {
        return channel instanceof AbstractEpollStreamChannel epoll
                        && epoll.fd() instanceof Socket socket
                        && epoll.pipeline().get(TlsHandler.class) == null
                ? socket
                : null;
    }

    /**
     * Returns how many of the bytes the socket took. Returns 0 after a failure too: the pipeline,
     * which is used next, meets the same failure and handles it. Only on the channel's event loop,
     * where no other thread can close the socket meanwhile.
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
