package microdot.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * A law that holds for every input. A subclass has it as {@code public static void
 * fuzzerTestOneInput(byte[])}, which Jazzer calls with the inputs that it makes: it changes those
 * that reached new code. The test checks the law for each seed, and has Jazzer search for some
 * seconds in its own process; {@code ./microdot fuzz} has it search for longer. What it writes and
 * finds is in {@code target/fuzz/NAME}.
 *
 * <p>The seeds of {@code NAMEFuzzTest} are the files of {@code src/test/resources/fuzz/NAME}. An
 * input that has shown a fault becomes one of them.
 */
public abstract class FuzzContract {
    private static final int SHORT = 6;
    private static final int SECONDS = Integer.getInteger("microdot.fuzz.seconds", SHORT);
    private static final int PATIENCE = 180;
    private static final Pattern DONE =
            Pattern.compile("DONE +cov: (\\d+).*\\R(?:.*\\R)*?Done (\\d+) runs in \\d+ second");

    /** Checks the law for an input. */
    protected interface Law {
        void check(byte[] input) throws Exception;
    }

    private final Law law;
    private final String name;

    protected FuzzContract(Law law) {
        this.law = law;
        this.name = getClass().getSimpleName().replace("FuzzTest", "");
    }

    private Path seeds() {
        return Path.of("src/test/resources/fuzz", name);
    }

    @TestFactory
    @Timeout(60)
    Stream<DynamicTest> seedsObeyTheLaw() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(seeds())) {
            files = all.sorted().toList();
        }
        assertFalse(files.isEmpty(), () -> "no seeds in " + seeds().toAbsolutePath());
        return files.stream()
                .map(
                        file ->
                                DynamicTest.dynamicTest(
                                        file.getFileName().toString(),
                                        () -> law.check(Files.readAllBytes(file))));
    }

    @Test
    void searchFindsNothing() throws Exception {
        Path folder = Files.createDirectories(Path.of("target/fuzz", name).toAbsolutePath());
        Path output = folder.resolve("output.txt");
        Process process =
                new ProcessBuilder(command(folder))
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            boolean ended = process.waitFor(SECONDS + PATIENCE, TimeUnit.SECONDS);
            assertTrue(ended, () -> "Jazzer did not end: " + output);
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output, StandardCharsets.ISO_8859_1);
        boolean begun = text.contains("INITED");
        assumeFalse(
                !begun && text.contains("UnsatisfiedLinkError"),
                "Jazzer has no driver for this system");
        assertEquals(0, process.exitValue(), () -> folder + "\n" + end(text));
        Matcher done = DONE.matcher(text);
        assertTrue(done.find(), () -> folder + "\n" + end(text));
        System.out.println(
                name + ": " + done.group(2) + " inputs, " + done.group(1) + " edges reached");
    }

    private List<String> command(Path folder) throws IOException {
        Path found = Files.createDirectories(folder.resolve("corpus"));
        // The class path is too long for a command line.
        Path arguments = folder.resolve("arguments");
        Files.writeString(arguments, "-cp \"" + System.getProperty("java.class.path") + "\"");
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
        command.add("-Xmx1g");
        command.add("-XX:+UseSerialGC");
        if (SECONDS <= SHORT) {
            command.add("-XX:TieredStopAtLevel=1"); // For a faster start.
        }
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--sun-misc-unsafe-memory-access=allow");
        command.add("-XX:+EnableDynamicAgentLoading");
        command.add("@" + arguments);
        command.add("com.code_intelligence.jazzer.Jazzer");
        command.add("--target_class=" + getClass().getName());
        command.add("--instrumentation_includes=microdot.**:io.netty.handler.codec.**");
        // Jazzer's own checks are for these only: they fail in classes that use Unsafe, and looking
        // for places for them takes most of the time of a start.
        command.add(
                "--custom_hook_includes=microdot.StaticFiles:microdot.PartStorage:microdot.PrecompressedFiles");
        command.add("--reproducer_path=" + folder);
        if (SECONDS <= SHORT) {
            command.add("-seed=1"); // A test makes the same inputs each time.
        } else {
            command.add("--coverage_report=" + folder.resolve("coverage.txt"));
        }
        command.add("-artifact_prefix=" + folder + "/");
        command.add("-max_total_time=" + SECONDS);
        command.add("-max_len=4096");
        command.add("-timeout=100"); // Seconds for one input.
        // No limit but that of the heap: the peak that the kernel counts for a new process has that
        // of
        // its parent in it, and the parent has run a thousand tests.
        command.add("-rss_limit_mb=0");
        command.add(found.toString());
        command.add(seeds().toString());
        return command;
    }

    private static String end(String text) {
        return text.substring(Math.max(0, text.length() - 8000));
    }
}
