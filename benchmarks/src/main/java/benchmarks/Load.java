package benchmarks;

import java.time.Duration;
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

    Duration warming() {
        return Duration.ofSeconds(warmUp);
    }

    Duration measured() {
        return Duration.ofSeconds(seconds);
    }
}
