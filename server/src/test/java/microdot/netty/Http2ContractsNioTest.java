package microdot.netty;

import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Nested;

/** What holds for every connection holds for the streams of one connection too. */
class Http2ContractsNioTest {
    @Nested
    class Streams extends StreamContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        boolean http2() {
            return true;
        }
    }

    @Nested
    class StreamEnds extends StreamEndContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        boolean http2() {
            return true;
        }
    }

    @Nested
    class Fanout extends FanoutContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        boolean http2() {
            return true;
        }
    }

    @Nested
    class Http extends HttpContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        boolean http2() {
            return true;
        }
    }

    @Nested
    class Bodies extends BodyContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        boolean http2() {
            return true;
        }
    }

    @Nested
    class Leaving extends LeavingClientContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        boolean http2() {
            return true;
        }
    }

    @Nested
    class Closes extends ServerCloseContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        boolean http2() {
            return true;
        }
    }

    @Nested
    class Timeouts extends TimeoutContract {
        @Override
        IoMode io() {
            return IoMode.NIO;
        }

        @Override
        boolean http2() {
            return true;
        }
    }
}
