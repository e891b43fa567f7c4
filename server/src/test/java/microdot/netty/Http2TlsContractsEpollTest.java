package microdot.netty;

import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Nested;

/** What holds for every connection holds for HTTP/2 over TLS too: here with BoringSSL. */
class Http2TlsContractsEpollTest {
    @Nested
    class Streams extends StreamContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
        }

        @Override
        boolean http2() {
            return true;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }

    @Nested
    class StreamEnds extends StreamEndContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
        }

        @Override
        boolean http2() {
            return true;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }

    @Nested
    class Fanout extends FanoutContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
        }

        @Override
        boolean http2() {
            return true;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }

    @Nested
    class Http extends HttpContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
        }

        @Override
        boolean http2() {
            return true;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }

    @Nested
    class Bodies extends BodyContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL;
        }

        @Override
        boolean http2() {
            return true;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }

    @Nested
    class Leaving extends LeavingClientContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
        }

        @Override
        boolean http2() {
            return true;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }

    @Nested
    class Closes extends ServerCloseContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
        }

        @Override
        boolean http2() {
            return true;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }

    @Nested
    class Timeouts extends TimeoutContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
        }

        @Override
        boolean http2() {
            return true;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }
}
