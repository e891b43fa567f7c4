package e2e;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Sse;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;

/**
 * Serves a list that pages follow, with the whole list as the topic's snapshot. A separate program,
 * so that a test can kill it: {@code Board PORT LINE...}. It adds each line of its standard input
 * to the list.
 */
final class Board {
    private Board() {}

    public static void main(String[] args) throws IOException {
        var lines = new CopyOnWriteArrayList<>(Arrays.asList(args).subList(1, args.length));
        var topics = new Topics();
        topics.topic(
                "board",
                new TopicOptions().retry(Duration.ofMillis(50)).snapshot(() -> List.copyOf(lines)));
        Microdot app =
                new Microdot()
                        .get("/", request -> Response.html("<!doctype html><title>board</title>"))
                        .get("/microdot.js", Sse.client())
                        .get("/events", topics.stream("board"));
        var options = new ServerOptions().host("127.0.0.1").port(Integer.parseInt(args[0]));
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Server server = app.start(options)) {
            System.out.println("listening at " + server.port());
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                add(topics, lines, line);
            }
        }
    }

    private static void add(Topics topics, List<String> lines, String line) {
        topics.publish(
                "board",
                () -> {
                    lines.add(line);
                    return line;
                });
    }
}
