package benchmarks;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server that can be measured, and the command that starts it. */
enum Contestant {
    OURS("benchmarks.FanoutServer"),
    NETTY("peers.NettyServer"),
    VERTX("peers.VertxServer"),
    UNDERTOW("peers.UndertowServer"),
    HELIDON("peers.HelidonServer"),
    JAVALIN("peers.JavalinServer"),
    WEBFLUX("peers.WebfluxServer"),
    NODE(""),
    NCHAN(""),
    EPOLL("");

    private static final Path MODULE =
            Path.of("/usr/lib/nginx/modules/ngx_nchan_module.so").toAbsolutePath();

    private final String mainClass;

    Contestant(String mainClass) {
        this.mainClass = mainClass;
    }

    String id() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Returns whether the server has {@code /ticks}. */
    boolean ticks() {
        return this != NCHAN && this != EPOLL;
    }

    /** Returns why the server cannot be measured here; empty when it can be. */
    String missing(Path home) {
        return switch (this) {
            case OURS -> "";
            case NODE -> onPath("node") ? "" : "node is not on the PATH";
            case NCHAN ->
                    onPath("nginx") && Files.exists(MODULE)
                            ? ""
                            : "nginx is not on the PATH, or " + MODULE + " is missing";
            case EPOLL ->
                    Files.isExecutable(program(home))
                            ? ""
                            : "it was not built: no C compiler or no epoll";
            default ->
                    Files.exists(peer(home).resolve("target/classpath"))
                            ? ""
                            : "it was not built: its libraries could not be downloaded";
        };
    }

    /**
     * Returns the command that starts the server on the port.
     *
     * @param jvm options of the JVM, for servers in Java
     * @param work a folder that the server may write to
     */
    List<String> command(Path home, List<String> jvm, Path work, int port) {
        return switch (this) {
            case NODE -> List.of("node", peer(home).resolve("server.js").toString(), "" + port);
            case NCHAN -> nginx(home, work, port);
            case EPOLL -> List.of(program(home).toString(), "" + port);
            case OURS -> java(System.getProperty("java.class.path"), jvm, port);
            default -> java(classPath(home), jvm, port);
        };
    }

    private List<String> java(String classPath, List<String> jvm, int port) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm);
        command.addAll(List.of("-cp", classPath, mainClass, Integer.toString(port)));
        return command;
    }

    private String classPath(Path home) {
        Path target = peer(home).resolve("target");
        return target.resolve("classes") + File.pathSeparator + read(target.resolve("classpath"));
    }

    private List<String> nginx(Path home, Path work, int port) {
        String text =
                read(peer(home).resolve("nginx.conf"))
                        .replace("MODULE", MODULE.toString())
                        .replace("PORT", Integer.toString(port));
        Path configuration = work.resolve("nginx.conf");
        try {
            Files.writeString(configuration, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return List.of("nginx", "-p", work.toString(), "-c", configuration.toString());
    }

    private Path program(Path home) {
        return peer(home).resolve("target/server");
    }

    private Path peer(Path home) {
        return home.resolve("benchmarks/peers").resolve(id());
    }

    private static boolean onPath(String program) {
        return List.of(System.getenv("PATH").split(File.pathSeparator)).stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
