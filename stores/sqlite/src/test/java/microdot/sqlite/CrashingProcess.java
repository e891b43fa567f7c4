package microdot.sqlite;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.StoreRetention;

/**
 * Publishes until it is killed, and prints how long the journal was after the open, which forces
 * it, and what was acknowledged: a line {@code thread number position} for each list.
 */
final class CrashingProcess {
    static final int THREADS = 6;
    static final int LIST = 3;
    static final int KEPT = 50;

    private CrashingProcess() {}

    /**
     * Publishes.
     *
     * @param args the file, {@code always} or {@code none} or {@code every}, and the number that
     *     each thread begins with
     */
    public static void main(String[] args) throws Exception {
        SqliteStore store =
                SqliteStore.at(Path.of(args[0])).durability(CrashTest.durability(args[1]));
        store.open(new Silent());
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println("forced " + Files.size(Path.of(args[0] + "-wal")));
        store.retain("short", new StoreRetention(KEPT, 1 << 20, Duration.ofDays(1), false));
        store.retain("table", Opening.EVERYTHING);
        for (int thread = 0; thread < THREADS; thread++) {
            store.retain("topic" + thread, Opening.EVERYTHING);
        }
        out.println("open " + store.head());
        long from = Long.parseLong(args[2]);
        for (int thread = 0; thread < THREADS; thread++) {
            int number = thread;
            Thread.ofPlatform().start(() -> publish(store, number, from, out));
        }
    }

    /** A list: an event of the thread's topic, a row of a table, and an event of a short topic. */
    static List<Entry> list(int thread, long number, Random random) {
        byte[] text = (thread + "/" + number).getBytes(StandardCharsets.UTF_8);
        return List.of(
                Entry.event("topic" + thread, null, null, text),
                Entry.put("table", "row" + random.nextInt(20), text),
                Entry.event("short", null, null, text));
    }

    private static void publish(SqliteStore store, int thread, long from, PrintStream out) {
        var random = new Random(from * THREADS + thread);
        for (long number = from; ; number++) {
            long position =
                    store.append(
                                    new Append(
                                            list(thread, number, random),
                                            OptionalLong.empty(),
                                            null))
                            .toCompletableFuture()
                            .join()
                            .getFirst();
            out.println(thread + " " + number + " " + position);
        }
    }
}
