package benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** A server in its own process, and the resources that it and its children use. */
final class ServerProcess implements AutoCloseable {
    private static final long START = Duration.ofSeconds(60).toNanos();

    private final Process process;
    private final InetSocketAddress address;

    // A server must not outlive an interrupted comparison.
    private final Thread interrupted = new Thread(this::destroy);

    private ServerProcess(Process process, InetSocketAddress address) {
        this.process = process;
        this.address = address;
        Runtime.getRuntime().addShutdownHook(interrupted);
    }

    /**
     * The resources that the processes of a server have used so far.
     *
     * @param resident bytes of memory, shared pages counted for each process; 0 when it is unknown,
     *     on every system but Linux
     */
    record Usage(Duration cpu, long resident) {}

    /**
     * Runs the command with the timer slack that {@code ./microdot run} sets, where the system
     * supports it.
     */
    private static List<String> late(List<String> command) {
        String slack = System.getProperty("microdot.slack");
        if (slack == null) {
            return command;
        }
        var late = new ArrayList<String>();
        String set =
                "{ echo " + slack + " >/proc/$$/timerslack_ns; } 2>/dev/null; exec \"$0\" \"$@\"";
        late.addAll(List.of("sh", "-c", set));
        late.addAll(command);
        return late;
    }

    /** Starts the command for a free port and returns when it accepts connections. */
    static ServerProcess start(IntFunction<List<String>> command, File log)
            throws IOException, InterruptedException {
        int port = freePort();
        Process process =
                new ProcessBuilder(late(command.apply(port)))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                        .start();
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        var server = new ServerProcess(process, address);
        long deadline = System.nanoTime() + START;
        while (!server.accepts()) {
            if (!process.isAlive() || System.nanoTime() - deadline > 0) {
                server.close();
                throw new IOException("the server did not start; see " + log);
            }
            Thread.sleep(50);
        }
        return server;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private boolean accepts() {
        try (var socket = new Socket()) {
            socket.connect(address, 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    InetSocketAddress address() {
        return address;
    }

    Usage usage() {
        Duration cpu = Duration.ZERO;
        long resident = 0;
        for (ProcessHandle each : family().toList()) {
            cpu = cpu.plus(each.info().totalCpuDuration().orElse(Duration.ZERO));
            resident += resident(each.pid());
        }
        return new Usage(cpu, resident);
    }

    /**
     * Collects the garbage of a server in Java and returns the bytes of heap that are left; NaN for
     * other servers.
     */
    double heap() throws IOException, InterruptedException {
        String program = process.info().command().orElse("");
        if (!program.endsWith("/java")) {
            return Double.NaN;
        }
        Process jcmd =
                new ProcessBuilder(
                                Path.of(program).resolveSibling("jcmd").toString(),
                                Long.toString(process.pid()),
                                "GC.class_histogram")
                        .redirectErrorStream(true)
                        .start();
        // The last line: Total, objects, bytes.
        String last = "";
        try (BufferedReader lines = jcmd.inputReader()) {
            for (String line; (line = lines.readLine()) != null; ) {
                last = line.startsWith("Total") ? line : last;
            }
        }
        if (jcmd.waitFor() != 0 || last.isEmpty()) {
            throw new IOException("jcmd could not read the heap of the server");
        }
        return Double.parseDouble(last.strip().split("\\s+", 4)[2]);
    }

    private Stream<ProcessHandle> family() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants());
    }

    private static long resident(long pid) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public void close() throws InterruptedException {
        Runtime.getRuntime().removeShutdownHook(interrupted);
        List<ProcessHandle> all = family().toList();
        destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            all.forEach(ProcessHandle::destroyForcibly);
            process.waitFor();
        }
    }

    private void destroy() {
        process.destroy();
    }
}
