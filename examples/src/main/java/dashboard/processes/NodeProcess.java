package dashboard.processes;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/** A node of the demo: a Java with the same class path and options as this one. */
public final class NodeProcess implements AutoCloseable {
    private static final int START_SECONDS = 60;

    /** The server closes in two seconds; a busy machine may need longer. */
    private static final int END_SECONDS = 5;

    private final int number;
    private final Process process;
    private final CompletableFuture<Integer> port = new CompletableFuture<>();
    private volatile boolean isEnding;

    private NodeProcess(int number, Process process) {
        this.number = number;
        this.process = process;
    }

    /**
     * Starts the main class. It must print its address first.
     *
     * @param ended gets the exit status when the process ends by itself
     */
    public static NodeProcess start(
            int number, Class<?> main, List<String> arguments, IntConsumer ended) {
        var command = new ArrayList<String>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        try {
            Process process =
                    new ProcessBuilder(Programs.owned(command)).redirectErrorStream(true).start();
            process.getOutputStream().close();
            var node = new NodeProcess(number, process);
            Thread.ofPlatform().daemon().name("node-" + number).start(() -> node.read(ended));
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Prints what the node prints, until its end. */
    private void read(IntConsumer ended) {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!port.isDone() && line.matches("http://[^/]+:\\d+")) {
                    port.complete(Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)));
                } else {
                    System.err.println("node " + number + ": " + line);
                }
            }
        } catch (IOException e) {
            // The process has ended.
        }
        try {
            int status = process.waitFor();
            port.completeExceptionally(
                    new IllegalStateException("node " + number + ": ended with status " + status));
            if (!isEnding) {
                ended.accept(status);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until it listens, and returns its port. */
    public int port() {
        return port.orTimeout(START_SECONDS, TimeUnit.SECONDS).join();
    }

    public long pid() {
        return process.pid();
    }

    /** Asks it to close its streams and to end. */
    public void terminate() {
        isEnding = true;
        process.destroy();
    }

    @Override
    public void close() {
        terminate();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
