package dashboard.processes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Debian's HAProxy before the nodes. docs/guide/recipes/two-servers.md explains each line. */
public final class HaProxy implements AutoCloseable {
    private final StartedProgram program;

    private HaProxy(StartedProgram program) {
        this.program = program;
    }

    /**
     * Checks that it is installed, before anything else is started.
     *
     * @throws ProgramException when it is not
     */
    public static void check() {
        Programs.find("haproxy");
    }

    /**
     * Starts it, and waits until it accepts connections.
     *
     * @param nodes the ports of those that serve the pages and their streams
     * @param publisher the port of the process that has the camera and the runs
     */
    public static HaProxy start(
            Path folder, InetSocketAddress address, List<Integer> nodes, int publisher) {
        String servers =
                IntStream.range(0, nodes.size())
                        .mapToObj(
                                i ->
                                        "    server node%d 127.0.0.1:%d"
                                                .formatted(i + 1, nodes.get(i)))
                        .collect(Collectors.joining("\n"));
        String bind = address.getAddress().getHostAddress() + ":" + address.getPort();
        try {
            Path file = folder.resolve("haproxy.cfg");
            Files.writeString(file, configuration(bind, servers, publisher));
            StartedProgram program =
                    StartedProgram.start(
                            folder,
                            "haproxy",
                            List.of(Programs.find("haproxy"), "-db", "-f", file.toString()));
            return new HaProxy(program.awaitPort(address));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String configuration(String bind, String servers, int publisher) {
        return """
            global
                noreuseport

            defaults
                mode http
                option forwardfor
                option http-no-delay
                option abortonclose
                timeout connect 2s
                timeout client 1m
                timeout server 1m
                retries 3
                option redispatch 1

            frontend web
                bind %s
                http-request set-header X-Forwarded-Proto http
                http-request set-header X-Forwarded-Host %%[req.hdr(host)]
                use_backend publisher if { path_beg /camera/ /runs }
                default_backend nodes

            backend nodes
                balance leastconn
                http-request set-var(txn.stream) bool(true) if { req.hdr(accept) -m sub text/event-stream }
                http-after-response set-header content-type text/event-stream if { status 502:504 } { var(txn.stream) -m bool }
                http-after-response set-status 200 if { status 502:504 } { var(txn.stream) -m bool }
                option httpchk GET /icon.svg
                default-server check inter 1s fall 3 rise 1 on-marked-down shutdown-sessions
            %s

            backend publisher
                server publisher 127.0.0.1:%d
            """
                .formatted(bind, servers, publisher);
    }

    public long pid() {
        return program.pid();
    }

    @Override
    public void close() {
        program.close();
    }
}
