package microdot.netty.io;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/** The interface of the operating system that serves the sockets. */
public enum IoMode {
    /** Java's NIO, available everywhere. */
    NIO,

    /** Linux's epoll. */
    EPOLL,

    /** Epoll, and the sends of many streams in one system call where the kernel has io_uring. */
    EPOLL_AND_RING;

    /**
     * Returns the best mode that is available here. {@code -Dmicrodot.ring=false} turns io_uring
     * off.
     */
    public static IoMode best() {
        if (!Epoll.isAvailable()) {
            return NIO;
        }
        return Boolean.parseBoolean(System.getProperty("microdot.ring", "true"))
                ? EPOLL_AND_RING
                : EPOLL;
    }

    /** Returns its name for people. */
    public String text() {
        return switch (this) {
            case NIO -> "NIO";
            case EPOLL -> "epoll";
            case EPOLL_AND_RING -> "epoll and io_uring";
        };
    }

    /** Returns what makes the I/O handler of each event loop. */
    public IoHandlerFactory newHandlerFactory() {
        return this == NIO
                ? NioIoHandler.newFactory()
                : EpollHalfCloseWorkaround.newHandlerFactory();
    }

    /** Returns the class of the channel that listens on a unix domain socket. */
    public Class<? extends ServerChannel> unixListenerType() {
        return this == NIO
                ? NioServerDomainSocketChannel.class
                : EpollServerDomainSocketChannel.class;
    }

    /** Returns the address of a unix domain socket. */
    public SocketAddress unixAddress(String path) {
        return this == NIO ? UnixDomainSocketAddress.of(path) : new DomainSocketAddress(path);
    }

    /** Returns the class of the listening channel. */
    public Class<? extends ServerSocketChannel> listenerType() {
        return this == NIO ? NioServerSocketChannel.class : EpollServerSocketChannel.class;
    }
}
