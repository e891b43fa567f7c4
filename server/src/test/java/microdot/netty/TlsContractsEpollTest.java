package microdot.netty;

import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Nested;

/** What holds for every connection holds over TLS too: here with BoringSSL. */
class TlsContractsEpollTest {
    @Nested
    class Streams extends StreamContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
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
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }

    @Nested
    class Bodies extends BodyContract {
        @Override
        IoMode io() {
            return IoMode.EPOLL_AND_RING;
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
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, true);
        }
    }
}
