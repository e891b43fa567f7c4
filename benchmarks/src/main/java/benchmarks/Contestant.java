package benchmarks;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A server that can be measured, and the command that starts it. */
enum Contestant {
    OURS("benchmarks.FanoutServer"),
    OURS_JDK("benchmarks.FanoutServer"),
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

    /** Returns whether the server is prepared for what is spoken. */
    boolean speaks(Wire wire) {
        return switch (this) {
            case OURS, VERTX, UNDERTOW, HELIDON, JAVALIN, NCHAN -> true;
            case OURS_JDK -> wire.isSecure();
            case NETTY, WEBFLUX, NODE, EPOLL -> !wire.isSecure();
        };
    }

    /** Returns the library that a server uses for TLS. */
    String tls() {
        return switch (this) {
            case OURS, VERTX -> "BoringSSL";
            case JAVALIN -> "Conscrypt";
            case NCHAN -> "OpenSSL";
            default -> "the JDK";
        };
    }

    /** Returns why the server cannot be measured here; empty when it can be. */
    String missing(Path home) {
        return switch (this) {
            case OURS, OURS_JDK -> "";
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
     * @param certificate the folder of the {@link Certificate}; empty without TLS
     */
    List<String> command(
            Path home, List<String> jvm, Path work, Optional<Path> certificate, int port) {
        return switch (this) {
            case NODE -> List.of("node", peer(home).resolve("server.js").toString(), "" + port);
            case NCHAN -> nginx(home, work, certificate, port);
            case EPOLL -> List.of(program(home).toString(), "" + port);
            case OURS, OURS_JDK ->
                    java(System.getProperty("java.class.path"), jvm, certificate, port);
            default -> java(classPath(home), jvm, certificate, port);
        };
    }

    private List<String> java(
            String classPath, List<String> jvm, Optional<Path> certificate, int port) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm);
        if (this == OURS_JDK) {
            command.add("-Dmicrodot.boringssl=false");
        }
        command.addAll(List.of("-cp", classPath, mainClass, Integer.toString(port)));
        certificate.ifPresent(folder -> command.add(folder.toString()));
        return command;
    }

    private String classPath(Path home) {
        Path target = peer(home).resolve("target");
        return target.resolve("classes") + File.pathSeparator + read(target.resolve("classpath"));
    }

    private List<String> nginx(Path home, Path work, Optional<Path> certificate, int port) {
        String tls =
                certificate
                        .map(
                                folder ->
                                        """
                                        ssl http2;
                                                ssl_certificate FOLDER/chain.pem;
                                                ssl_certificate_key FOLDER/key.pem;
                                                ssl_protocols TLSv1.2 TLSv1.3;
                                                ssl_session_cache shared:tls:10m"""
                                                .replace("FOLDER", folder.toString()))
                        .orElse("");
        String text =
                read(peer(home).resolve("nginx.conf"))
                        .replace("MODULE", MODULE.toString())
                        .replace("WITH_TLS", tls)
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
