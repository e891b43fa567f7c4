package dashboard.processes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that was started, and writes what it prints to a file. It ends with {@link #close}. */
public final class StartedProgram implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(20);
    private static final int PAUSE_MILLIS = 20;
    private static final int CONNECT_MILLIS = 500;

    private final Process process;
    private final Path log;

    private StartedProgram(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** The thread that calls this must live as long as the program is to run. */
    static StartedProgram start(Path folder, String name, List<String> command) {
        Path log = folder.resolve(name + ".log");
        try {
            Process process =
                    new ProcessBuilder(Programs.owned(command))
                            .directory(folder.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start();
            process.getOutputStream().close();
            return new StartedProgram(process, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the program accepts connections. */
    StartedProgram awaitPort(InetSocketAddress address) {
        long end = System.nanoTime() + START.toNanos();
        while (!accepts(address)) {
            if (!process.isAlive() || System.nanoTime() > end) {
                close();
                throw new ProgramException(
                        log.getFileName() + ": does not accept connections: " + printed());
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                close();
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }
        return this;
    }

    private static boolean accepts(InetSocketAddress address) {
        try (var socket = new Socket()) {
            socket.connect(address, CONNECT_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private String printed() {
        try {
            return Files.readString(log).strip();
        } catch (IOException e) {
            return "nothing printed";
        }
    }

    /** Returns a port of a loopback address that is free now. */
    static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public long pid() {
        return process.pid();
    }

    /** Ends it at once: what it keeps is removed anyway. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            var _ = process.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
