/** The server: the core on Netty. Packages below {@link microdot.netty} are internal. */
module microdot.server {
    exports microdot.netty;

    requires transitive microdot.core;
    // Of an image without them, the watchdog of carrier threads only warns.
    requires static java.management;
    requires static jdk.management;
    requires static transitive org.jspecify;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.haproxy;
    requires io.netty.codec.http;
    requires io.netty.codec.http2;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.classes.io_uring;
    requires io.netty.transport.unix.common;

    provides microdot.Transport with
            microdot.netty.NettyTransport;
}
