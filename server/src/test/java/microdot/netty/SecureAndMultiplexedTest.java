package microdot.netty;

import static org.junit.jupiter.params.provider.EnumSource.Mode.MATCH_ANY;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What holds for plain connections of HTTP/1.1 holds over TLS too, and for the streams of an HTTP/2
 * connection.
 */
class SecureAndMultiplexedTest {
    @Nested
    @ParameterizedClass
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"TLS_.*", "HTTP2_.*"})
    class Streams extends StreamContract {
        private final Wire wire;

        Streams(Wire wire) {
            this.wire = wire;
        }

        @Override
        Wire wire() {
            return wire;
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"TLS_.*", "HTTP2_.*"})
    class StreamEnds extends StreamEndContract {
        private final Wire wire;

        StreamEnds(Wire wire) {
            this.wire = wire;
        }

        @Override
        Wire wire() {
            return wire;
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"TLS_.*", "HTTP2_.*"})
    class Fanout extends FanoutContract {
        private final Wire wire;

        Fanout(Wire wire) {
            this.wire = wire;
        }

        @Override
        Wire wire() {
            return wire;
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"TLS_.*", "HTTP2_.*"})
    class Http extends HttpContract {
        private final Wire wire;

        Http(Wire wire) {
            this.wire = wire;
        }

        @Override
        Wire wire() {
            return wire;
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"TLS_.*", "HTTP2_.*"})
    class Bodies extends BodyContract {
        private final Wire wire;

        Bodies(Wire wire) {
            this.wire = wire;
        }

        @Override
        Wire wire() {
            return wire;
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"TLS_.*", "HTTP2_.*"})
    class Leaving extends LeavingClientContract {
        private final Wire wire;

        Leaving(Wire wire) {
            this.wire = wire;
        }

        @Override
        Wire wire() {
            return wire;
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"TLS_.*", "HTTP2_.*"})
    class Closes extends ServerCloseContract {
        private final Wire wire;

        Closes(Wire wire) {
            this.wire = wire;
        }

        @Override
        Wire wire() {
            return wire;
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(
            value = Wire.class,
            mode = MATCH_ANY,
            names = {"TLS_.*", "HTTP2_.*"})
    class Timeouts extends TimeoutContract {
        private final Wire wire;

        Timeouts(Wire wire) {
            this.wire = wire;
        }

        @Override
        Wire wire() {
            return wire;
        }
    }
}
