package microdot.sqlite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoredEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process publishes and is killed at a random moment, again and again on the same file. What was
 * acknowledged is there, in order, each once; where it may be lost, a new epoch says up to where
 * everything is there. {@code -Dsoak.crashes=100} sets the number of crashes.
 */
@Timeout(3600)
class CrashTest {
    private static final int CRASHES = Integer.getInteger("soak.crashes", 7);

    @TempDir Path folder;
    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    /** What was acknowledged, by text: the position of the first entry of the list. */
    private final Map<String, Long> acknowledged = new HashMap<>();

    /** How much of the journal the last process has forced. */
    private long forced;

    /** The positions that processes were told, of all processes. */
    private long told;

    static Durability durability(String name) {
        return switch (name) {
            case "none" -> Durability.none();
            case "every" -> Durability.every(Duration.ofMillis(20));
            default -> Durability.always();
        };
    }

    @Test
    void killedProcessLosesNothing() throws Exception {
        Path file = folder.resolve("events.db");
        System.out.println("killedProcessLosesNothing: seed " + seed);
        for (int crash = 0; crash < CRASHES; crash++) {
            kill(file, "always", random.nextInt(400), crash * 1_000_000L);
            try (Opening open = Opening.at(file)) {
                assertEquals(1, open.opened.epochs().size(), "nothing was lost");
                check(open, Long.MAX_VALUE);
            }
        }
    }

    @Test
    void killedProcessThatDoesNotForceBeginsAnEpoch() throws Exception {
        Path file = folder.resolve("events.db");
        System.out.println("killedProcessThatDoesNotForceBeginsAnEpoch: seed " + seed);
        int crashes = Math.max(1, CRASHES / 7);
        for (int crash = 0; crash < crashes; crash++) {
            killLossy(file, crash);
            try (Opening open = Opening.at(file)) {
                assertEquals(2 + crash, open.opened.epochs().size());
                StoreEpoch epoch = open.opened.epochs().getLast();
                assertEquals(open.opened.head(), epoch.previousEnd());
                assertTrue(epoch.first() > told, epoch + " after " + told);
                check(open, Long.MAX_VALUE);
            }
        }
    }

    @Test
    void powerCutIsToldExactly() throws Exception {
        Path file = folder.resolve("events.db");
        System.out.println("powerCutIsToldExactly: seed " + seed);
        int crashes = Math.max(1, CRASHES / 3);
        for (int crash = 0; crash < crashes; crash++) {
            killLossy(file, crash);
            Path journal = folder.resolve("events.db-wal");
            if (Files.exists(journal)) {
                try (var channel = FileChannel.open(journal, StandardOpenOption.WRITE)) {
                    // What follows the open was perhaps not on the disk yet.
                    long unforced = channel.size() - forced;
                    channel.truncate(forced + (long) (unforced * random.nextDouble()));
                }
            }
            try (Opening open = Opening.at(file)) {
                StoreEpoch epoch = open.opened.epochs().getLast();
                long end = epoch.previousEnd();
                assertEquals(2 + crash, open.opened.epochs().size());
                assertEquals(open.opened.head(), end);
                assertTrue(epoch.first() > told, epoch + " after " + told);
                check(open, end);
                acknowledged.values().removeIf(position -> position > end);
            }
        }
    }

    /** Without a first line the process may have ended before it opened the file. */
    private void killLossy(Path file, int crash) throws Exception {
        String durability = crash % 2 == 0 ? "none" : "every";
        kill(file, durability, 1 + random.nextInt(400), crash * 1_000_000L);
    }

    /** Runs a process until it has published for a while, and kills it. */
    private void kill(Path file, String durability, int lines, long from) throws Exception {
        Process process =
                Child.start(
                        CrashingProcess.class, file.toString(), durability, Long.toString(from));
        try (BufferedReader out = Child.output(process)) {
            long pause = random.nextInt(2_000_000);
            for (int i = 0; i < lines; i++) {
                accept(out.readLine());
            }
            long end = System.nanoTime() + pause;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            process.toHandle().destroyForcibly(); // Its output can still be read.
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                accept(line);
            }
        }
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    }

    private void accept(String line) {
        if (line == null) {
            throw new AssertionError("the process has ended by itself");
        }
        String[] words = line.split(" ", -1);
        if (words[0].equals("forced")) {
            forced = Long.parseLong(words[1]);
        }
        if (words.length == 3 && !words[2].isEmpty()) {
            long position = Long.parseLong(words[2]);
            acknowledged.put(words[0] + "/" + words[1], position);
            told = Math.max(told, position + CrashingProcess.LIST - 1);
        }
    }

    /** Checks everything up to a position. */
    private void check(Opening open, long end) {
        Map<String, Long> kept = new HashMap<>();
        for (int thread = 0; thread < CrashingProcess.THREADS; thread++) {
            long before = -1;
            for (StoredEntry each : open.all("topic" + thread)) {
                String text = text(each);
                long number = Long.parseLong(text.substring(text.indexOf('/') + 1));
                assertTrue(number > before, text + " after " + before);
                assertTrue(
                        number == before + 1 || number % 1_000_000 == 0 || before < 0,
                        text + " after " + before + ": a hole");
                before = number;
                assertEquals(null, kept.put(text, each.position()), text + " twice");
            }
        }
        acknowledged.forEach(
                (text, position) -> {
                    if (position <= end) {
                        assertEquals(position, kept.get(text), text);
                    }
                });
        checkTable(open, kept);
        checkShort(open, kept);
    }

    /** Lists are whole, and the newest rows are those of the history. */
    private static void checkTable(Opening open, Map<String, Long> kept) {
        Map<String, Long> newest = new TreeMap<>();
        Map<String, Long> texts = new HashMap<>();
        for (StoredEntry each : open.all("table")) {
            newest.put(String.valueOf(each.entry().key()), each.position());
            texts.put(text(each), each.position() - 1);
        }
        assertEquals(kept, texts, "lists are whole");
        Map<String, Long> latest = new TreeMap<>();
        open.store
                .latest("table", 0, 1 << 20)
                .entries()
                .forEach(each -> latest.put(String.valueOf(each.entry().key()), each.position()));
        assertEquals(newest, latest);
    }

    /** A trimmed topic has its newest entries. */
    private static void checkShort(Opening open, Map<String, Long> kept) {
        List<Long> all =
                new ArrayList<>(kept.values().stream().sorted().map(at -> at + 2).toList());
        List<Long> found = open.all("short").stream().map(StoredEntry::position).toList();
        assertTrue(found.size() >= Math.min(CrashingProcess.KEPT, all.size()));
        assertEquals(all.subList(all.size() - found.size(), all.size()), found);
    }

    private static String text(StoredEntry stored) {
        return new String(stored.entry().bytes(), StandardCharsets.UTF_8);
    }
}
