package microdot.netty;

import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.jspecify.annotations.Nullable;

/** How the clients of a test reach its server. */
enum Wire {
    NIO(IoMode.NIO, false, null),
    EPOLL(IoMode.EPOLL, false, null),
    EPOLL_AND_RING(IoMode.EPOLL_AND_RING, false, null),
    TLS_NIO(IoMode.NIO, false, "the JDK"),
    TLS_EPOLL(IoMode.EPOLL_AND_RING, false, "BoringSSL"),
    HTTP2_NIO(IoMode.NIO, true, null),
    HTTP2_EPOLL(IoMode.EPOLL_AND_RING, true, null),
    HTTP2_TLS_NIO(IoMode.NIO, true, "the JDK"),
    HTTP2_TLS_EPOLL(IoMode.EPOLL_AND_RING, true, "BoringSSL");

    final IoMode io;
    final boolean http2;
    private final @Nullable String tls;

    Wire(IoMode io, boolean http2, @Nullable String tls) {
        this.io = io;
        this.http2 = http2;
        this.tls = tls;
    }

    boolean isSecured() {
        return tls != null;
    }

    /** Returns the options of a server that is reached so. */
    ServerOptions options(ServerOptions others) {
        return tls == null ? others : TestCertificate.secured(others, tls.equals("BoringSSL"));
    }
}
