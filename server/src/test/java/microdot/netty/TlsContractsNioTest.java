package microdot.netty;

import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Nested;

/** What holds for every connection holds over TLS too: here with the JDK's. */
class TlsContractsNioTest {
    @Nested
    class Streams extends StreamContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, false);
        }
    }

    @Nested
    class StreamEnds extends StreamEndContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, false);
        }
    }

    @Nested
    class Fanout extends FanoutContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, false);
        }
    }

    @Nested
    class Http extends HttpContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, false);
        }
    }

    @Nested
    class Bodies extends BodyContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, false);
        }
    }

    @Nested
    class Leaving extends LeavingClientContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, false);
        }
    }

    @Nested
    class Closes extends ServerCloseContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, false);
        }
    }

    @Nested
    class Timeouts extends TimeoutContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        ServerOptions changed(ServerOptions options) {
            return TestCertificate.secured(options, false);
        }
    }
}
