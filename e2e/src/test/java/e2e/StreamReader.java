package e2e;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads a stream as EventSource does: after each end it reconnects with the last id. */
final class StreamReader implements AutoCloseable {
    /** Far more than a server needs that restarts. */
    private static final int MOST_TRIES = 2000;

    private static final int PAUSE_MILLIS = 20;

    private final HttpClient client = HttpClient.newHttpClient();
    private final URI uri;
    private @Nullable BufferedReader lines;
    private String lastId = "";

    /** The data of the gaps so far. */
    final List<String> gaps = new ArrayList<>();

    /** The data of the events of one name, in order. */
    final List<String> data = new ArrayList<>();

    private final String name;
    int connects;

    /**
     * @param name of the events to collect
     */
    StreamReader(int port, String name) {
        uri = URI.create("http://127.0.0.1:" + port + "/events");
        this.name = name;
    }

    /** Reads until there are so many more events of the name. */
    StreamReader awaitMore(int events) {
        int goal = data.size() + events;
        while (data.size() < goal) {
            read();
        }
        return this;
    }

    /** Reads until an event of the name has such data. What has come before does not count. */
    StreamReader awaitNext(Predicate<String> wanted) {
        int from = data.size();
        while (data.subList(from, data.size()).stream().noneMatch(wanted)) {
            read();
        }
        return this;
    }

    /** Reads until there is an event of the name with this data. */
    StreamReader awaitData(String last) {
        while (!data.contains(last)) {
            read();
        }
        return this;
    }

    private void read() {
        String event = "message";
        String id = null;
        var text = new StringBuilder();
        for (String line = line(); line == null || !line.isEmpty(); line = line()) {
            if (line == null) {
                // What came of an event before the end does not count.
                event = "message";
                id = null;
                text.setLength(0);
                connect();
            } else if (line.startsWith("event: ")) {
                event = line.substring(7);
            } else if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("data: ")) {
                text.append(line.substring(6));
            }
        }
        lastId = id == null ? lastId : id;
        if (event.equals("gap")) {
            gaps.add(text.toString());
        }
        if (event.equals(name)) {
            data.add(text.toString());
        }
    }

    /** Returns null when the stream has ended, or has not begun. */
    private @Nullable String line() {
        try {
            return lines == null ? null : lines.readLine();
        } catch (IOException e) {
            return null;
        }
    }

    void connect() {
        var request = HttpRequest.newBuilder(uri).header("Accept", "text/event-stream");
        if (!lastId.isEmpty()) {
            request.header("Last-Event-ID", lastId);
        }
        IOException last = null;
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            try {
                var response = client.send(request.build(), BodyHandlers.ofInputStream());
                if (response.statusCode() != 200) {
                    throw new AssertionError(response.statusCode() + " from " + uri);
                }
                lines =
                        new BufferedReader(
                                new InputStreamReader(response.body(), StandardCharsets.UTF_8));
                connects++;
                return;
            } catch (IOException e) {
                last = e;
                pause();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        throw new UncheckedIOException(java.util.Objects.requireNonNull(last));
    }

    /** Not to be measured: between two tries to connect to a server that is not there. */
    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
