package dashboard.processes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Debian's Redis or NATS on a free port of the loopback address, with its files in a folder. It is
 * for the demo alone, and ends with it.
 */
public final class Engine implements AutoCloseable {
    private final String url;
    private final StartedProgram program;

    private Engine(String url, StartedProgram program) {
        this.url = url;
        this.program = program;
    }

    /**
     * Starts it, and waits until it accepts connections.
     *
     * @throws ProgramException when it is not installed, or does not start
     */
    public static Engine redis(Path folder) {
        int port = StartedProgram.freePort();
        return start(
                folder,
                "redis",
                port,
                List.of(
                        Programs.find("redis-server"),
                        "--bind",
                        "127.0.0.1",
                        "--port",
                        "" + port,
                        "--dir",
                        folder.toString(),
                        "--appendonly",
                        "yes",
                        "--appendfsync",
                        "always",
                        "--save",
                        ""));
    }

    /**
     * Starts it, and waits until it accepts connections.
     *
     * @throws ProgramException when it is not installed, or does not start
     */
    public static Engine nats(Path folder) {
        String program = Programs.find("nats-server");
        int port = StartedProgram.freePort();
        String configuration =
                """
                host: 127.0.0.1
                port: %d
                jetstream { store_dir: "%s", max_file_store: 2GB }
                """
                        .formatted(port, folder.resolve("jetstream"));
        try {
            Path file = Files.writeString(folder.resolve("nats.conf"), configuration);
            return start(folder, "nats", port, List.of(program, "-c", file.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Engine start(Path folder, String scheme, int port, List<String> command) {
        StartedProgram program = StartedProgram.start(folder, scheme, command);
        program.awaitPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return new Engine(scheme + "://127.0.0.1:" + port, program);
    }

    public String url() {
        return url;
    }

    public long pid() {
        return program.pid();
    }

    @Override
    public void close() {
        program.close();
    }
}
