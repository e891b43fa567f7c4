package microdot.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * A law that holds for every input. A subclass has it as {@code public static void
 * fuzzerTestOneInput(byte[])}, which Jazzer calls with the inputs that it makes: it changes those
 * that reached new code. The test checks the law for each seed, and lets Jazzer search for some
 * seconds in its own process; {@code ./microdot fuzz} lets it search for longer.
 *
 * <p>The seeds of {@code NAMEFuzzTest} are the files of {@code src/test/resources/fuzz/NAME}. An
 * input that has shown a fault becomes one of them.
 */
@Timeout(300)
public abstract class FuzzContract {
    private static final String SECONDS = Integer.getInteger("microdot.fuzz.seconds", 4).toString();

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
    void searchOfSomeSecondsFindsNothing() throws Exception {
        Path folder = Files.createDirectories(Path.of("target/fuzz", name).toAbsolutePath());
        Path output = folder.resolve("output.txt");
        Path made = Files.createDirectories(folder.resolve("short"));
        // What is not in the class path of the tests: an argument file has no limit.
        Path arguments = folder.resolve("arguments");
        Files.writeString(arguments, "-cp \"" + System.getProperty("java.class.path") + "\"");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                                "-Xmx512m",
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-XX:+EnableDynamicAgentLoading",
                                "@" + arguments,
                                "com.code_intelligence.jazzer.Jazzer",
                                "--target_class=" + getClass().getName(),
                                "--instrumentation_includes=microdot.**",
                                "--reproducer_path=" + folder,
                                "-artifact_prefix=" + folder + "/",
                                "-max_total_time=" + SECONDS,
                                "-max_len=4096",
                                "-timeout=20",
                                "-rss_limit_mb=2048",
                                made.toString(),
                                seeds().toString())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            assertTrue(process.waitFor(4, TimeUnit.MINUTES), () -> "Jazzer did not end: " + output);
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output, StandardCharsets.ISO_8859_1);
        assumeFalse(
                text.contains("UnsatisfiedLinkError"), () -> "Jazzer's driver does not load here");
        assertEquals(0, process.exitValue(), text);
        assertTrue(text.contains("INITED"), text); // It has run.
    }
}
