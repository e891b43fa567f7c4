package e2e;

import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** A proxy of the Debian package, with the configuration that the guide shows. */
final class Proxy implements AutoCloseable {
    private static final Path RECIPE = Child.home().resolve("docs/guide/recipes/behind-a-proxy.md");
    private static final Path TWO_SERVERS =
            Child.home().resolve("docs/guide/recipes/two-servers.md");
    private static final String SERVER = "127.0.0.1:5000";
    private static final String STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

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
        return nginx(folder, port, location(port, recipe("nginx", server)));
    }

    /** nginx that speaks TLS to the server. */
    static Proxy nginxToTls(Path folder, int server) throws IOException {
        int port = freePort();
        String secure = block(RECIPE, "nginx", "proxy_pass https:");
        String plain = "    proxy_pass http://" + SERVER + ";\n";
        return nginx(folder, port, location(port, recipe("nginx", server, plain, secure)));
    }

    private static String location(int port, String recipe) {
        return """
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
                .formatted(port, recipe);
    }

    /** nginx that passes on connections, with a PROXY header before each. */
    static Proxy nginxStream(Path folder, int server) throws IOException {
        int port = freePort();
        String stream =
                block(RECIPE, "nginx", "proxy_protocol on;")
                        .replace("listen 443;", "listen 127.0.0.1:" + port + ";")
                        .replace(SERVER, "127.0.0.1:" + server);
        return nginx(folder, port, "load_module " + STREAM_MODULE + ";\n", stream);
    }

    private static Proxy nginx(Path folder, int port, String http) throws IOException {
        return nginx(folder, port, "", http);
    }

    private static Proxy nginx(Path folder, int port, String modules, String body)
            throws IOException {
        String configuration =
                """
                %sdaemon off;
                master_process off;
                pid nginx.pid;
                error_log stderr notice;
                events {}
                %s
                """
                        .formatted(modules, body);
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
        return haproxy(folder, recipe("haproxy", server));
    }

    /** HAProxy that speaks HTTP/2 to the server: the block with this text has its lines. */
    static Proxy haproxy(Path folder, int server, String text) throws IOException {
        String line = "    server app " + SERVER + "\n";
        return haproxy(folder, recipe("haproxy", server, line, block(RECIPE, "haproxy", text)));
    }

    private static Proxy haproxy(Path folder, String recipe) throws IOException {
        int port = freePort();
        return startHaproxy(folder, port, recipe.replace(":80\n", "127.0.0.1:" + port + "\n"));
    }

    /** HAProxy before two servers. */
    static Proxy haproxy(Path folder, int one, int two) throws IOException {
        int port = freePort();
        String configuration =
                block(TWO_SERVERS, "haproxy")
                        .replace(":80\n", "127.0.0.1:" + port + "\n")
                        .replace("127.0.0.1:5001", "127.0.0.1:" + one)
                        .replace("127.0.0.1:5002", "127.0.0.1:" + two);
        return startHaproxy(folder, port, configuration);
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
        return startHaproxy(folder, port, configuration);
    }

    private static Proxy startHaproxy(Path folder, int port, String configuration)
            throws IOException {
        // With several threads, HAProxy 2.6 can lose a request that one of them sends over an idle
        // connection while another learns that the connection was reset.
        String all = "global\n    nbthread 1\n" + configuration;
        Path file = Files.writeString(folder.resolve("haproxy.cfg"), all);
        return start(
                port, folder, "Loading success", "haproxy", "-W", "-db", "-f", file.toString());
    }

    static Proxy caddy(Path folder, int server) throws IOException {
        return caddy(folder, recipe("caddy", server));
    }

    /** Caddy that reaches the server as the block with this text says. */
    static Proxy caddy(Path folder, int server, String text) throws IOException {
        String recipe = block(RECIPE, "caddy", text);
        return caddy(folder, recipe.replace(SERVER, "127.0.0.1:" + server));
    }

    private static Proxy caddy(Path folder, String recipe) throws IOException {
        int port = freePort();
        String configuration =
                "{\n  admin off\n}\n" + recipe.replace("example.com {", "http://:" + port + " {");
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
        return recipe(language, server, "", "");
    }

    /** As above, with other lines for those that the block must contain. */
    private static String recipe(String language, int server, String lines, String others)
            throws IOException {
        String block = block(RECIPE, language);
        if (!block.contains(SERVER) || !block.contains(lines)) {
            throw new AssertionError("no " + SERVER + " or no " + lines + " in:\n" + block);
        }
        return (lines.isEmpty() ? block : block.replace(lines, others))
                .replace(SERVER, "127.0.0.1:" + server);
    }

    private static String block(Path page, String language) throws IOException {
        return block(page, language, "");
    }

    /** Returns the first block of this language that contains the text. */
    private static String block(Path page, String language, String text) throws IOException {
        List<String> lines = Files.readAllLines(page);
        for (int from = 0; from < lines.size(); from++) {
            if (lines.get(from).equals("```" + language)) {
                List<String> rest = lines.subList(from + 1, lines.size());
                String block = String.join("\n", rest.subList(0, rest.indexOf("```"))) + "\n";
                if (block.contains(text)) {
                    return block;
                }
            }
        }
        throw new AssertionError("no " + language + " with \"" + text + "\" in " + page);
    }

    static int freePort() throws IOException {
        for (int i = 0; i < 100; i++) {
            // Below those that the kernel gives to clients: none of them takes it meanwhile.
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            try (var socket = new ServerSocket(port)) {
                return socket.getLocalPort();
            } catch (BindException e) {
                // Another one.
            }
        }
        throw new BindException("no port from 20000 to 32000 is free");
    }

    int port() {
        return port;
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
    }
}
