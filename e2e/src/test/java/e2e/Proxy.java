package e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A proxy of the Debian package, with the configuration that the guide shows. */
final class Proxy implements AutoCloseable {
    private static final Path RECIPE = Child.home().resolve("docs/guide/recipes/behind-a-proxy.md");
    private static final Path TWO_SERVERS =
            Child.home().resolve("docs/guide/recipes/two-servers.md");
    private static final String SERVER = "127.0.0.1:5000";

    private final Child process;
    private final int port;

    private Proxy(Child process, int port) {
        this.process = process;
        this.port = port;
    }

    /** The proxy accepts connections once it has printed the text. */
    private static Proxy start(int port, Path folder, String ready, String... command) {
        Child process = Child.start(folder, command);
        process.await(ready);
        return new Proxy(process, port);
    }

    static Proxy nginx(Path folder, int server) throws IOException {
        int port = freePort();
        String configuration =
                """
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log stderr notice;
                events {}
                http {
                    access_log off;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    server {
                        listen 127.0.0.1:%d;
                        %s
                    }
                }
                """
                        .formatted(port, recipe("nginx", server));
        Path file = Files.writeString(folder.resolve("nginx.conf"), configuration);
        return start(
                port,
                folder,
                "getrlimit",
                "nginx",
                "-p",
                folder.toString(),
                "-e",
                "stderr",
                "-c",
                file.toString());
    }

    static Proxy haproxy(Path folder, int server) throws IOException {
        int port = freePort();
        String configuration =
                recipe("haproxy", server).replace(":80\n", "127.0.0.1:" + port + "\n");
        return haproxy(folder, port, configuration);
    }

    /** HAProxy before two servers. */
    static Proxy haproxy(Path folder, int one, int two) throws IOException {
        int port = freePort();
        String configuration =
                block(TWO_SERVERS, "haproxy")
                        .replace(":80\n", "127.0.0.1:" + port + "\n")
                        .replace("127.0.0.1:5001", "127.0.0.1:" + one)
                        .replace("127.0.0.1:5002", "127.0.0.1:" + two);
        return haproxy(folder, port, configuration);
    }

    /** HAProxy that passes on connections, with a PROXY header before each. */
    static Proxy tcp(Path folder, int server, String option) throws IOException {
        int port = freePort();
        String configuration =
                """
                defaults
                    mode tcp
                    timeout connect 5s
                    timeout client 1m
                    timeout server 1m
                listen microdot
                    bind 127.0.0.1:%d
                    server app 127.0.0.1:%d %s
                """
                        .formatted(port, server, option);
        return haproxy(folder, port, configuration);
    }

    private static Proxy haproxy(Path folder, int port, String configuration) throws IOException {
        Path file = Files.writeString(folder.resolve("haproxy.cfg"), configuration);
        return start(
                port, folder, "Loading success", "haproxy", "-W", "-db", "-f", file.toString());
    }

    static Proxy caddy(Path folder, int server) throws IOException {
        int port = freePort();
        String configuration =
                "{\n  admin off\n}\n"
                        + recipe("caddy", server)
                                .replace("example.com {", "http://:" + port + " {");
        Path file = Files.writeString(folder.resolve("Caddyfile"), configuration);
        return start(
                port,
                folder,
                "serving initial configuration",
                "env",
                "XDG_DATA_HOME=" + folder,
                "XDG_CONFIG_HOME=" + folder,
                "caddy",
                "run",
                "--adapter",
                "caddyfile",
                "--config",
                file.toString());
    }

    /** Returns the first block of this language, for a server on this port. */
    private static String recipe(String language, int server) throws IOException {
        String block = block(RECIPE, language);
        if (!block.contains(SERVER)) {
            throw new AssertionError("no " + SERVER + " in:\n" + block);
        }
        return block.replace(SERVER, "127.0.0.1:" + server);
    }

    private static String block(Path page, String language) throws IOException {
        List<String> lines = Files.readAllLines(page);
        int from = lines.indexOf("```" + language) + 1;
        int to = from + lines.subList(from, lines.size()).indexOf("```");
        return String.join("\n", lines.subList(from, to)) + "\n";
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    int port() {
        return port;
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
    }
}
