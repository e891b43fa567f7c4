package microdot.netty;

import io.netty.channel.epoll.Epoll;

/** How a server asks the kernel. */
enum IoMode {
    /** Java's own way, which is there everywhere. */
    NIO,

    /** Linux's epoll. */
    EPOLL,

    /** Epoll, and the sends of many streams in one system call, where the kernel lets us. */
    EPOLL_AND_RING;

    /** The best that there is here; {@code -Dmicrodot.ring=false} for none with a ring. */
    static IoMode best() {
        if (!Epoll.isAvailable()) {
            return NIO;
        }
        return Boolean.parseBoolean(System.getProperty("microdot.ring", "true"))
                ? EPOLL_AND_RING
                : EPOLL;
    }
}
