package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A process that {@code run} serves: it ends when it must, and survives what it should. */
@Timeout(120)
@SuppressWarnings("NullAway.Init") // Each test starts its process first.
class ProcessTest {
    private static final String HEAD = "GET / HTTP/1.1\r\nHost: x\r\n";

    /** The closeTimeout of 2 s and 1 s, in seconds; the rest is for a busy machine. */
    private static final long LONGEST_END = 2 + 1 + 5;

    private final List<RawClient> clients = new ArrayList<>();
    private Process process;
    private BufferedReader out;
    private int port;

    /** Starts a {@link ServedProcess}; its standard error stream goes to the same pipe. */
    private void start(String... jvm) throws IOException {
        start(List.of(), jvm);
    }

    private void start(List<String> before, String... jvm) throws IOException {
        var command = new ArrayList<String>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(jvm));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(ServedProcess.class.getName());
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        while (line != null && !line.startsWith("http://")) { // Then it listens.
            port = line.startsWith("port ") ? Integer.parseInt(line.substring(5)) : port;
            line = out.readLine();
        }
    }

    @AfterEach
    void end() throws Exception {
        for (RawClient client : clients) {
            client.close();
        }
        process.destroyForcibly().waitFor();
    }

    private void assertNoOutOfMemoryError() {
        process.toHandle().destroyForcibly(); // This leaves the pipe open.
        List<String> lines = out.lines().toList();
        assertTrue(lines.stream().noneMatch(line -> line.contains("OutOfMemory")), lines::toString);
    }

    private RawClient client() throws IOException {
        var client = new RawClient(port);
        clients.add(client);
        return client;
    }

    private void assertServes(RawClient healthy) throws IOException {
        assertEquals("home", healthy.get("/").readText());
    }

    private static void sendTo(RawClient client, String text) {
        try {
            client.send(text);
        } catch (IOException refusedAndClosed) {
            // The healthy client tells whether the server still answers.
        }
    }

    /** The case http/half_sent. */
    @Test
    void halfSentHeadsDoNotFillTheHeap() throws Exception {
        start("-Xmx64m");
        RawClient healthy = client();
        // Each field is as short as can be, or as many fields as allowed are as long as can be.
        String many = HEAD + "a:b\r\n".repeat(5000);
        String full = HEAD + ("b: " + "x".repeat(120) + "\r\n").repeat(95);
        for (int i = 0; i < 1000; i++) {
            sendTo(client(), i < 500 ? many : full);
            if (i % 50 == 0) {
                assertServes(healthy);
            }
        }
        assertServes(healthy);
        assertNoOutOfMemoryError();
    }

    /** The case http/pipelined. */
    @Test
    void pipelinedRequestsDoNotFillTheHeap() throws Exception {
        start("-Xmx64m");
        RawClient healthy = client();
        String one = HEAD + ("b: " + "x".repeat(120) + "\r\n").repeat(95) + "\r\n";
        for (int i = 0; i < 100; i++) {
            var client = new RawClient(port, 4096);
            clients.add(client);
            client.get("/file").readHead();
            Thread.ofVirtual().start(() -> sendTo(client, one.repeat(64)));
            assertServes(healthy);
        }
        assertServes(healthy);
        assertNoOutOfMemoryError();
    }

    /** The case topics/Mem: each of the stalled followers keeps an event that no other keeps. */
    @Test
    void largeEventsForStalledFollowersDoNotFillTheMemory() throws Exception {
        start("-Xmx256m");
        RawClient healthy = client().get("/topic");
        healthy.readHead();
        RawClient publisher = client();
        for (int i = 0; i < 100; i++) {
            var stalled = new RawClient(port, 4096);
            clients.add(stalled);
            stalled.get("/topic").readHead();
            if (i % 4 == 0) {
                String end = "end" + i;
                publisher.send(
                        "POST /publish?end="
                                + end
                                + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
                publisher.readText();
                String event = healthy.readTo("\n\n");
                assertTrue(event.contains(end), () -> "another event than " + end);
                assertTrue(event.length() > 8_000_000, "not a gap");
            }
        }
        assertServes(client());
        assertNoOutOfMemoryError();
    }

    @Test
    void serverGoesOnAfterItRanOutOfFileDescriptors() throws Exception {
        start(
                List.of("sh", "-c", "ulimit -n 120; exec \"$0\" \"$@\""),
                "-Xmx64m",
                "-Dmicrodot.test.connections=1000");
        assertServes(client()); // This loads the classes, each of which is a file of its own here.
        for (int i = 0; i < 200; i++) {
            client(); // The kernel accepts what the server does not.
        }
        String line = out.readLine();
        while (!line.contains("accept failed; new clients wait")) {
            line = out.readLine();
        }
        assertTrue(line.contains("Too many open files"), line);
        for (RawClient client : clients) {
            client.close();
        }
        assertServes(client());
        process.toHandle().destroyForcibly(); // This leaves the pipe open.
        List<String> more = out.lines().filter(text -> !text.isBlank()).toList();
        assertEquals(List.of(), more, "one entry, and no stack trace");
    }

    @Test
    void outOfMemoryErrorInAHandlerIsSurvived() throws Exception {
        start("-Xmx64m");
        String head = client().get("/oom").readHead();
        assertTrue(head.startsWith("HTTP/1.1 500 "), head);
        assertServes(client());
    }

    @Test
    void outOfMemoryErrorOnAnEventLoopEndsTheProcess() throws Exception {
        start("-Xmx64m");
        client().get("/loop");
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(3, process.exitValue());
        String text = String.join("\n", out.lines().toList());
        assertTrue(text.contains("microdot: the server cannot go on: "), text);
    }

    @Test
    void signalClosesTheTopicsThatHaveAStore() throws Exception {
        start();
        client().get("/stored").readHead();
        process.toHandle().destroy(); // This leaves the pipe open.
        List<String> lines = out.lines().toList();
        assertTrue(lines.contains("the store is closed"), lines::toString);
    }

    @Test
    void processEndsAfterSigtermThoughHandlersSpinAndNobodyReadsItsLog() throws Exception {
        start("-Xmx64m");
        client().get("/log").readHead();
        client().get("/fail").readHead(); // An event loop waits for its log entry from now on.
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            client().get("/spin");
        }
        process.toHandle().destroy(); // This leaves the pipe open.
        assertTrue(process.waitFor(LONGEST_END, TimeUnit.SECONDS), "it still runs");
    }
}
