package microdot.sqlite;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreRetention;

/**
 * Measures acknowledged events a second with 1, 16 and 256 publishers, each on a virtual thread
 * that waits for each of its events; and bare JDBC that commits the same rows in groups of as many.
 *
 * <pre>java microdot.sqlite.PublishBenchmark [FOLDER [SECONDS [always|none|every
 * [PUBLISHERS...]]]]</pre>
 */
final class PublishBenchmark {
    private static final int BYTES = 256;

    private PublishBenchmark() {}

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args.length > 0 ? args[0] : System.getProperty("java.io.tmpdir"));
        long seconds = args.length > 1 ? Long.parseLong(args[1]) : 5;
        Durability durability =
                switch (args.length > 2 ? args[2] : "always") {
                    case "none" -> Durability.none();
                    case "every" -> Durability.every(Duration.ofMillis(100));
                    default -> Durability.always();
                };
        int[] numbers =
                args.length > 3
                        ? Arrays.stream(args).skip(3).mapToInt(Integer::parseInt).toArray()
                        : new int[] {1, 16, 256};
        for (int publishers : numbers) {
            Path place = Files.createTempDirectory(folder, "publish");
            for (int round = 0; round < 2; round++) {
                store(place.resolve("s" + round + ".db"), durability, publishers, seconds, false);
                store(place.resolve("r" + round + ".db"), durability, publishers, seconds, true);
                bare(place.resolve("b" + round + ".db"), publishers, seconds);
            }
            try (Stream<Path> files = Files.list(place)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(place);
        }
    }

    private static void store(
            Path file, Durability durability, int publishers, long seconds, boolean retention)
            throws Exception {
        try (var store = SqliteStore.at(file).durability(durability);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            store.open(new Silent());
            for (int i = 0; i < 16; i++) {
                store.retain("topic" + i, retention ? StoreRetention.STANDARD : Opening.EVERYTHING);
            }
            long start = System.nanoTime();
            long end = start + Duration.ofSeconds(seconds).toNanos();
            List<Future<long[]>> all =
                    IntStream.range(0, publishers)
                            .mapToObj(i -> threads.submit(() -> publish(store, i, end)))
                            .toList();
            long count = 0;
            LongStream.Builder times = LongStream.builder();
            for (Future<long[]> each : all) {
                count += each.get().length;
                Arrays.stream(each.get()).forEach(times::add);
            }
            report(
                    publishers + " publishers, " + durability + (retention ? ", trimmed" : ""),
                    count,
                    System.nanoTime() - start);
            long[] sorted = times.build().sorted().toArray();
            System.out.printf(
                    "    median %.2f ms, 99 %% %.2f ms; file %,d KiB%n",
                    sorted[sorted.length / 2] / 1e6,
                    sorted[sorted.length * 99 / 100] / 1e6,
                    Files.size(file) >> 10);
        }
    }

    private static long[] publish(SqliteStore store, int number, long end) {
        var bytes = new byte[BYTES];
        LongStream.Builder times = LongStream.builder();
        for (long now = System.nanoTime(); now < end; ) {
            store.append(Append.of(Entry.event("topic" + number % 16, null, null, bytes)))
                    .toCompletableFuture()
                    .join();
            long after = System.nanoTime();
            times.add(after - now);
            now = after;
        }
        return times.build().toArray();
    }

    private static void bare(Path file, int group, long seconds) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = FULL");
            statement.execute(
                    "CREATE TABLE entries (position INTEGER PRIMARY KEY, topic INTEGER, time"
                            + " INTEGER, kind INTEGER, key TEXT, id TEXT, row INTEGER, bytes BLOB)");
            statement.execute("CREATE INDEX entries_topic ON entries (topic)");
            connection.setAutoCommit(false);
            long start = System.nanoTime();
            long end = start + Duration.ofSeconds(seconds).toNanos();
            long count = 0;
            var bytes = new byte[BYTES];
            try (PreparedStatement insert =
                    connection.prepareStatement(
                            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)")) {
                while (System.nanoTime() < end) {
                    for (int i = 0; i < group; i++) {
                        count++;
                        insert.setLong(1, count);
                        insert.setLong(2, count % 16);
                        insert.setLong(3, 1_700_000_000_000L);
                        insert.setInt(4, 1);
                        insert.setString(5, null);
                        insert.setString(6, null);
                        insert.setLong(7, 0);
                        insert.setBytes(8, bytes);
                        insert.addBatch();
                    }
                    insert.executeBatch();
                    connection.commit();
                }
            }
            report("bare JDBC, commits of " + group, count, System.nanoTime() - start);
        }
    }

    private static void report(String what, long count, long nanos) {
        System.out.printf("%-45s %,9.0f events/s%n", what, count * 1e9 / nanos);
    }
}
