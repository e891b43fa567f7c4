package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./microdot demo --store} and {@code --nodes}. */
@Timeout(400)
class DemoStoreTest {
    private static final Pattern PROCESS = Pattern.compile("process (\\d+)");
    private static final Pattern NODE = Pattern.compile("Node \\d: .*process (\\d+)");
    private static final Pattern FOLDER = Pattern.compile("its files in ([^;]+);");
    private static final Pattern TIME = Pattern.compile("\"time\":(\\d+)");
    private static final String SAMPLE = "sample";
    private static final int INTERRUPTED = 130;

    @TempDir Path folder = Path.of("");

    @BeforeAll
    static void buildStores(@TempDir Path folder) throws Exception {
        Child.buildStores(folder);
    }

    /** The same at each start, so that clients can reconnect. */
    private int port;

    @BeforeEach
    void choosePort() throws Exception {
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
    }

    private Child demo(String... options) {
        var arguments = new ArrayList<>(List.of("demo", "--rate", "4", "--host", "127.0.0.1"));
        arguments.addAll(List.of("--port", "" + port));
        arguments.addAll(List.of(options));
        return Child.microdot(folder, arguments.toArray(String[]::new));
    }

    private static void assumeInstalled(String... programs) {
        for (String program : programs) {
            boolean isInstalled =
                    Stream.concat(
                                    Stream.of(System.getenv("PATH").split(":", -1)),
                                    Stream.of("/usr/sbin"))
                            .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
            assumeTrue(isInstalled, program + " is not installed (e2e/prepare installs it)");
        }
    }

    private static String[] programs(String engine) {
        return new String[] {engine + "-server", "haproxy"};
    }

    /** What was sent before may still be unread. */
    private static void awaitSampleFromNowOn(StreamReader page) {
        long now = System.currentTimeMillis();
        page.awaitNext(
                sample -> {
                    var time = TIME.matcher(sample);
                    return time.find() && Long.parseLong(time.group(1)) > now;
                });
    }

    /** A page that is new now gets the same history as one that was open all the time. */
    private void assertHasEverything(StreamReader page) {
        assertEquals(List.of(), page.gaps);
        try (var fresh = new StreamReader(port, SAMPLE)) {
            fresh.awaitData(page.data.getLast());
            int size = fresh.data.indexOf(page.data.getLast()) + 1;
            assertEquals(fresh.data.subList(0, size), page.data);
            assertEquals(List.of(), fresh.gaps);
        }
    }

    @Test
    void openPageGoesOnWithoutAGapAfterARestartOnTheSameFile() throws Exception {
        String store = "sqlite:" + folder.resolve("demo.db");
        try (var page = new StreamReader(port, SAMPLE)) {
            try (Child demo = demo("--store", store)) {
                demo.await("http://");
                page.awaitMore(3);
                demo.signal("INT");
                assertEquals(INTERRUPTED, demo.exitCode());
            }
            try (Child demo = demo("--store", store)) {
                demo.await("http://");
                awaitSampleFromNowOn(page);
                assertEquals(2, page.connects);
                assertHasEverything(page);
                demo.kill();
            }
            try (Child demo = demo("--store", store)) {
                demo.await("http://");
                awaitSampleFromNowOn(page);
                assertHasEverything(page);
            }
        }
    }

    @Test
    void fileInAFolderOfTheUserIsTheDefault() throws Exception {
        try (Child demo =
                Child.start(
                        folder,
                        "env",
                        "XDG_STATE_HOME=" + folder,
                        Child.home().resolve("microdot").toString(),
                        "demo",
                        "--store=sqlite",
                        "--port=0")) {
            Path file = folder.resolve("microdot").resolve("demo.db");
            demo.await("Events are kept in " + file);
            demo.await("http://");
            assertTrue(Files.exists(file));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"redis", "nats"})
    void engineIsStartedAndEndsWithTheDemo(String engine) throws Exception {
        assumeInstalled(programs(engine)[0]);
        try (Child demo = demo("--store", engine)) {
            String started = demo.await("Started " + engine + "://127.0.0.1:");
            demo.await("http://");
            try (var page = new StreamReader(port, SAMPLE)) {
                page.awaitMore(2);
            }
            demo.signal("INT");
            assertEquals(INTERRUPTED, demo.exitCode());
            assertEndWithTheirFiles(List.of(started));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"redis", "nats"})
    void openPagesResumeOnTheOtherNodeWhenOneIsKilled(String engine) throws Exception {
        assumeInstalled(programs(engine));
        var started = new ArrayList<String>();
        try (Child demo = demo("--nodes", "2", "--store", engine)) {
            for (String line : List.of("Started", "Node 1:", "Node 2:", "HAProxy:", "http://")) {
                started.add(demo.await(line));
            }
            // HAProxy gives each node one of them.
            try (var one = new StreamReader(port, SAMPLE);
                    var other = new StreamReader(port, SAMPLE)) {
                one.awaitMore(2);
                other.awaitMore(2);
                kill(numbers(NODE, started).getFirst());
                demo.await("Node 1 has ended with status 137");
                awaitSampleFromNowOn(one);
                awaitSampleFromNowOn(other);
                one.awaitMore(1);
                other.awaitData(one.data.getLast());
                assertTrue(one.connects + other.connects >= 3, "no page was on that node");
                assertHasEverything(one);
                assertHasEverything(other);
            }
            demo.signal("INT");
            assertEquals(INTERRUPTED, demo.exitCode());
        }
        assertEndWithTheirFiles(started);
    }

    private static void kill(long process) {
        assertTrue(ProcessHandle.of(process).orElseThrow().destroyForcibly());
    }

    private static List<Long> numbers(Pattern pattern, List<String> lines) {
        return lines.stream()
                .flatMap(line -> pattern.matcher(line).results())
                .map(match -> Long.valueOf(match.group(1)))
                .toList();
    }

    private static void assertEndWithTheirFiles(List<String> started) throws Exception {
        List<Long> processes = numbers(PROCESS, started);
        assertFalse(processes.isEmpty(), started.toString());
        for (long process : processes) {
            var handle = ProcessHandle.of(process);
            if (handle.isPresent()) {
                handle.get().onExit().get(30, TimeUnit.SECONDS);
            }
        }
        var files = FOLDER.matcher(started.getFirst());
        assertTrue(files.find(), started.getFirst());
        assertFalse(Files.exists(Path.of(files.group(1))), files.group(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--store mysql     | --store: mysql (expected: sqlite[:FILE], redis[:URL] or",
                "--nodes 2         | --nodes: 2 (expected: with --store redis or --store nats)",
                "--nodes 2 --store sqlite | --nodes: 2 (expected: with --store redis or",
                "--nodes 0         | --nodes: 0 (expected: 1 to 16)",
            })
    void wrongOptionsAreRejectedWithASentence(String options, String sentence) throws Exception {
        try (Child demo = demo(options.split(" ", -1))) {
            demo.await(sentence);
            assertEquals(2, demo.exitCode());
        }
    }

    @Test
    void fileInUseIsOneSentence() throws Exception {
        String store = "sqlite:" + folder.resolve("demo.db");
        try (Child demo = demo("--store", store)) {
            demo.await("http://");
            try (Child second = Child.microdot(folder, "demo", "--port", "0", "--store", store)) {
                second.await("microdot: store: ");
                assertEquals(1, second.exitCode());
            }
        }
    }
}
