package microdot.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import microdot.stores.FreePort;
import microdot.stores.NetworkCutCases;
import microdot.stores.NetworkNamespace;
import microdot.stores.SmallDisk;
import org.jspecify.annotations.Nullable;

/** A Redis that a test starts on a free port in a temporary folder, and ends. */
final class RedisServer implements NetworkCutCases.Engine {
    final int port;
    private final @Nullable NetworkNamespace network;
    private final Path folder;
    private final Path log;
    private final List<String> options;
    private Process process;
    private boolean mounted;

    private RedisServer(Path folder, List<String> options, @Nullable NetworkNamespace network) {
        this.network = network;
        this.folder = folder;
        this.options = options;
        log = folder.resolveSibling(folder.getFileName() + ".log");
        port = freePort();
        start();
    }

    /** Each write is on disk before it is acknowledged. */
    static RedisServer durable() {
        return with("--appendonly", "yes", "--appendfsync", "always", "--save", "");
    }

    static RedisServer with(String... options) {
        return in(null, options);
    }

    /** A server in another network, if there is one. */
    static RedisServer in(@Nullable NetworkNamespace network, String... options) {
        try {
            Path folder = Files.createTempDirectory("microdot-redis");
            return new RedisServer(folder, List.of(options), network);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A server with its files on a disk of their own. */
    static RedisServer on(SmallDisk disk, String... options) {
        var server = new RedisServer(disk.folder(), List.of(options), null);
        server.mounted = true;
        return server;
    }

    /** A Sentinel with a file of settings, which it writes to. */
    static RedisServer sentinel(Path settings) {
        return with(settings.toString(), "--sentinel");
    }

    static int freePort() {
        return FreePort.find();
    }

    private String host() {
        return network == null ? "127.0.0.1" : network.address();
    }

    @Override
    public int port() {
        return port;
    }

    String uri() {
        return "redis://127.0.0.1:" + port;
    }

    Path folder() {
        return folder;
    }

    void start() {
        var command = new ArrayList<>(List.of("redis-server"));
        boolean sentinel = options.contains("--sentinel");
        if (sentinel) {
            command.addAll(options);
        }
        command.addAll(List.of("--bind", host(), "--port", "" + port, "--dir", folder.toString()));
        if (!sentinel) {
            command.addAll(options);
        }
        try {
            process =
                    new ProcessBuilder(network == null ? command : network.inside(command))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                            .start();
            while (!answers()) {
                if (!process.isAlive()) {
                    throw new IllegalStateException(Files.readString(log));
                }
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean answers() {
        try {
            return command("PING").startsWith("+PONG");
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    /** Sends one command in a connection of its own and returns the first part of the reply. */
    String command(String... words) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(host(), port), 1000);
            socket.setSoTimeout(10_000);
            var request = new StringBuilder("*" + words.length + "\r\n");
            for (String word : words) {
                request.append('$')
                        .append(word.length())
                        .append("\r\n")
                        .append(word)
                        .append("\r\n");
            }
            socket.getOutputStream()
                    .write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
            var reply = new byte[65536];
            int length = socket.getInputStream().read(reply);
            return new String(reply, 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the processor time that it has used. */
    Duration processor() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** Ends it as an operator does. */
    void stop() {
        process.destroy();
        await();
    }

    /** Ends it as a crash of the process does. */
    void kill() {
        process.destroyForcibly();
        await();
    }

    /** Stops and continues it, as a machine that hangs. */
    void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void await() {
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("redis-server does not end");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            kill();
        }
        try (var files = Files.walk(folder)) {
            for (Path each : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                if (!each.equals(folder) || !mounted) {
                    Files.delete(each);
                }
            }
            Files.deleteIfExists(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
