package benchmarks;

import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that size the comparison of fan-out. */
final class Load {
    @Option(names = "--followers", description = "Streams that are open at the same time.")
    int followers = 1000;

    @Option(names = "--payload", description = "Bytes of an event's data.")
    int payload = 128;

    @Option(
            names = "--rate",
            paramLabel = "HZ",
            description = "Events per second of the scenario 'rate'.")
    double rate = 20;

    @Option(
            names = "--period",
            paramLabel = "MS",
            description = "Milliseconds between two ticks of a stream.")
    int period = 100;

    @Option(names = "--warm-up", paramLabel = "S", description = "Seconds before the measurement.")
    int warmUp = 5;

    @Option(names = "--seconds", paramLabel = "S", description = "Seconds of the measurement.")
    int seconds = 5;

    @Option(
            names = "--repetitions",
            description = "How often everything is measured; the servers alternate.")
    int repetitions = 3;

    @Option(
            names = "--tls",
            description = "HTTP/1.1 over TLS, by the servers that are prepared for it.")
    boolean tls;

    @Option(
            names = "--http2",
            description = "HTTP/2 over TLS, by the servers that are prepared for it.")
    boolean http2;

    @Option(names = "--streams", description = "Streams on one connection, with --http2.")
    int streams = 1;

    @Option(names = "--tls-version", description = "The version of TLS: 1.3 or 1.2.")
    String tlsVersion = "1.3";

    Wire wire() {
        return http2 ? Wire.HTTP2 : tls ? Wire.TLS : Wire.PLAIN;
    }

    /** Returns what is wrong with the options; empty if nothing is. */
    String refused() {
        if (!List.of("1.3", "1.2").contains(tlsVersion)) {
            return "--tls-version: " + tlsVersion + " (expected: 1.3 or 1.2)";
        }
        if (streams < 1 || streams > 100) {
            // Vert.x allows 100 by default, as RFC 9113 recommends at least.
            return "--streams: " + streams + " (expected: 1 to 100)";
        }
        if (streams > 1 && !http2) {
            return "--streams: " + streams + " (expected: 1, or --http2)";
        }
        if (followers < 5) {
            return "--followers: " + followers + " (expected: at least 5)";
        }
        return "";
    }

    Duration warming() {
        return Duration.ofSeconds(warmUp);
    }

    Duration measured() {
        return Duration.ofSeconds(seconds);
    }
}
