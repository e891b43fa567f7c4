package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ServerOptionsTest {
    private static final ServerOptions OPTIONS = new ServerOptions();

    @Test
    void aChangeIsACopy() {
        ServerOptions changed = OPTIONS.port(1).host("::1").maxBody(7).heartbeat(Duration.ZERO);
        assertEquals("::1 1 7 PT0S", told(changed));
        assertEquals("0.0.0.0 5000 1048576 PT15S", told(OPTIONS));
    }

    private static String told(ServerOptions options) {
        return options.host()
                + " "
                + options.port()
                + " "
                + options.maxBody()
                + " "
                + options.heartbeat();
    }

    static Stream<Executable> mistakes() {
        Duration less = Duration.ofMillis(-1);
        return Stream.of(
                () -> OPTIONS.port(-1),
                () -> OPTIONS.port(65536),
                () -> OPTIONS.maxHead(0),
                () -> OPTIONS.maxBody(-1),
                () -> OPTIONS.streamBuffer(0),
                () -> OPTIONS.maxStreams(0),
                () -> OPTIONS.maxStreamsPerAddress(-1),
                () -> OPTIONS.reconnectsPerSecond(0),
                () -> OPTIONS.headTimeout(Duration.ZERO),
                () -> OPTIONS.bodyTimeout(Duration.ZERO),
                () -> OPTIONS.idleTimeout(less),
                () -> OPTIONS.heartbeat(less),
                () -> OPTIONS.halfOpen(less),
                () -> OPTIONS.closeTimeout(less),
                () -> OPTIONS.maxStreamAge(less),
                () -> OPTIONS.maxStreamAge(Duration.ofDays(36_500)),
                () -> OPTIONS.heartbeat(Duration.ofSeconds(Long.MAX_VALUE)));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void mistakesAreRefused(Executable mistake) {
        assertThrows(IllegalArgumentException.class, mistake);
    }

    @Test
    void refusalsSayWhatCameAndWhatWasExpected() {
        var error = assertThrows(IllegalArgumentException.class, () -> OPTIONS.port(65536));
        assertEquals("port: 65536 (expected: 0 to 65535)", error.getMessage());
        error =
                assertThrows(
                        IllegalArgumentException.class, () -> OPTIONS.headTimeout(Duration.ZERO));
        assertEquals(
                "headTimeout: PT0S (expected: more than zero, less than 36500 days)",
                error.getMessage());
    }
}
