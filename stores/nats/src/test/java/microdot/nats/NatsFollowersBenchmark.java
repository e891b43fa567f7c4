package microdot.nats;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import microdot.stores.FollowersBenchmark;

/**
 * Measures followers of a store on NATS beside followers in memory.
 *
 * <pre>{@code java microdot.nats.NatsFollowersBenchmark [CLIENTS [SECONDS [MEGABYTES [ROUNDS]]]]}
 * </pre>
 */
final class NatsFollowersBenchmark {
    private NatsFollowersBenchmark() {}

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory("followers");
        try (var server = new NatsServer(folder)) {
            FollowersBenchmark.run("NATS", () -> NatsStore.connect(server.url()), args);
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
