package benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * The CPU time that other processes used while a server was measured: above a few percent the
 * figures are doubtful. Linux only.
 */
final class Others {
    private static final long TICK = Duration.ofMillis(10).toNanos();

    private final long startedAt = System.nanoTime();
    private final long start;
    private final ServerProcess server;

    /** Starts counting. */
    Others(ServerProcess server) {
        this.server = server;
        start = used();
    }

    /** Returns the use in percent of all cores since the start; NaN when it is unknown. */
    double percent() {
        long whole = (System.nanoTime() - startedAt) * Runtime.getRuntime().availableProcessors();
        return start == 0 ? Double.NaN : Math.max(0, 100.0 * (used() - start) / whole);
    }

    private long used() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
            List<String> fields = List.of(lines.findFirst().orElse("").split("\\s+"));
            // user, nice, system, [idle, iowait,] irq, softirq, steal
            long ticks =
                    Stream.of(1, 2, 3, 6, 7, 8)
                            .mapToLong(field -> Long.parseLong(fields.get(field)))
                            .sum();
            Duration own = ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
            return ticks * TICK - own.plus(server.usage().cpu()).toNanos();
        } catch (IOException e) {
            return 0;
        }
    }
}
