package microdot.nats;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.stores.FreePort;
import microdot.stores.NetworkCutCases;
import microdot.stores.NetworkNamespace;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A nats-server with JetStream, on a free port, with its files in a folder. */
final class NatsServer implements NetworkCutCases.Engine {
    private final Path folder;
    private final int port;
    private final String more;
    private final @Nullable NetworkNamespace network;
    private Process process;

    NatsServer(Path folder) {
        this(folder, "");
    }

    /**
     * @param more lines of the configuration
     */
    NatsServer(Path folder, String more) {
        this(folder, more, null);
    }

    /**
     * @param network where it runs; null for this machine
     */
    NatsServer(Path folder, String more, @Nullable NetworkNamespace network) {
        this.network = network;
        this.folder = folder;
        this.more = more;
        this.port = freePort();
        start();
    }

    static int freePort() {
        return FreePort.find();
    }

    String url() {
        return "nats://" + host() + ":" + port;
    }

    private String host() {
        return network == null ? "127.0.0.1" : network.address();
    }

    @Override
    public int port() {
        return port;
    }

    /** Starts it, again on the same port and with the same files. */
    void start() {
        try {
            Path config = folder.resolve("nats.conf");
            Files.writeString(
                    config,
                    """
                    host: %s
                    port: %d
                    max_payload: 8MB
                    jetstream { store_dir: "%s", max_file_store: 8GB }
                    %s
                    """
                            .formatted(host(), port, folder.resolve("store"), more));
            List<String> command = List.of("nats-server", "-c", config.toString());
            process =
                    new ProcessBuilder(network == null ? command : network.inside(command))
                            .redirectErrorStream(true)
                            .start();
        } catch (IOException e) {
            Assumptions.abort("nats-server: not installed (e2e/prepare installs it)");
        }
        var ready = new CountDownLatch(1);
        var log = new ConcurrentLinkedQueue<String>();
        Thread.ofVirtual().start(() -> read(process, ready, log));
        try {
            if (!ready.await(30, TimeUnit.SECONDS) || !process.isAlive()) {
                throw new AssertionError("nats-server did not start: " + log);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void read(Process from, CountDownLatch ready, Queue<String> log) {
        try (var lines =
                new BufferedReader(
                        new InputStreamReader(from.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.add(line);
                if (line.contains("Server is ready")) {
                    ready.countDown();
                }
            }
        } catch (IOException e) {
            // The process has ended.
        }
        ready.countDown();
    }

    void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Stops it in order. */
    void stop() {
        process.destroy();
        awaitEnd();
    }

    /** Ends it at once, as SIGKILL does. */
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new AssertionError("nats-server did not end");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    Path folder() {
        return folder;
    }

    @Override
    public void close() {
        signal("CONT");
        kill();
    }
}
