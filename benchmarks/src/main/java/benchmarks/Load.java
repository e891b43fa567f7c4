package benchmarks;

import java.time.Duration;
import picocli.CommandLine.Option;

/** How much of it: the options that size the fan-out comparison. */
final class Load {
    @Option(names = "--followers", description = "Streams that are open at once.")
    int followers = 1000;

    @Option(names = "--payload", description = "Bytes of an event's data.")
    int payload = 128;

    @Option(names = "--rate", paramLabel = "HZ", description = "Events a second of 'rate'.")
    double rate = 20;

    @Option(
            names = "--period",
            paramLabel = "MS",
            description = "Milliseconds between two ticks of a stream.")
    int period = 100;

    @Option(names = "--warm-up", paramLabel = "S", description = "Seconds before it counts.")
    int warmUp = 5;

    @Option(names = "--seconds", paramLabel = "S", description = "Seconds that count.")
    int seconds = 5;

    @Option(
            names = "--repetitions",
            description = "How often all is measured, the servers taking turns.")
    int repetitions = 3;

    Duration warming() {
        return Duration.ofSeconds(warmUp);
    }

    Duration measured() {
        return Duration.ofSeconds(seconds);
    }
}
