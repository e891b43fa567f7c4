package examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs an example as a user does: as a source file, with the launcher of the JDK, on a free port.
 */
final class Example implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final String address;
    private final HttpClient client = HttpClient.newHttpClient();

    private Example(Process process) throws IOException {
        this.process = process;
        this.output = process.inputReader();
        this.address = String.valueOf(output.readLine());
    }

    /** Starts the program on a free port, with further arguments after the port. */
    static Example start(String file, String... arguments) throws IOException {
        var command =
                new ArrayList<>(
                        List.of(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-cp",
                                System.getProperty("java.class.path"),
                                file,
                                "0"));
        command.addAll(List.of(arguments));
        return new Example(
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    /** Returns the first address that it has printed. */
    String address() {
        return address;
    }

    /** Waits for the next line of its output. */
    String line() throws IOException {
        return String.valueOf(output.readLine());
    }

    HttpResponse<String> get(String path) throws Exception {
        return client.send(request(path).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String body) throws Exception {
        var request = request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build();
        return client.send(request, BodyHandlers.ofString());
    }

    /** Sends any request, with its body and headers. */
    HttpResponse<String> send(String method, String path, String body, String... headers)
            throws Exception {
        return client.send(request(method, path, body, headers), BodyHandlers.ofString());
    }

    /** Opens the stream that answers a POST. */
    BufferedReader openPost(String path, String body) throws Exception {
        return open(request("POST", path, body));
    }

    private HttpRequest request(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = request(path);
        request.method(method, HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.build();
    }

    /** Returns the first non-empty lines of a stream, and then disconnects. */
    List<String> lines(String path, int count, String... headers) throws Exception {
        try (var reader = open(path, headers)) {
            var lines = new ArrayList<String>();
            while (lines.size() < count) {
                String line = reader.readLine();
                if (line == null || !line.isEmpty()) {
                    lines.add(String.valueOf(line));
                }
            }
            return lines;
        }
    }

    /** Opens a stream, line by line; closing it disconnects the client. */
    BufferedReader open(String path, String... headers) throws Exception {
        HttpRequest.Builder request = request(path);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return open(request.build());
    }

    private BufferedReader open(HttpRequest request) throws Exception {
        var body = client.send(request, BodyHandlers.ofInputStream()).body();
        return new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(address + path));
    }

    @Override
    public void close() throws InterruptedException {
        client.shutdownNow();
        process.destroy();
        process.waitFor();
    }
}
