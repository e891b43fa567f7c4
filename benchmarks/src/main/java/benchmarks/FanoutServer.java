package benchmarks;

import static microdot.sse.Sse.sseResponse;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.ServerOptions;
import microdot.Tls;
import microdot.sse.Topics;

/**
 * Our server as it is measured: one topic, and a handler with a loop for each stream of ticks, with
 * the default options, but for more streams and a publisher that may rest for long.
 *
 * <ul>
 *   <li>{@code GET /events} follows the topic; {@code GET /spread?topics=N} follows one of N
 *       topics, in turn.
 *   <li>{@code POST /publish} publishes the body as one event; {@code POST /publish?topics=N} in
 *       each of N topics.
 *   <li>{@code POST /burst?n=N} publishes it N times, as fast as one thread can.
 *   <li>{@code GET /ticks?ms=M} sends an event every M milliseconds, from its own handler.
 * </ul>
 */
public final class FanoutServer {
    private FanoutServer() {}

    /**
     * Listens on loopback only, because everyone may publish. With TLS if the second argument is a
     * folder with {@code chain.pem} and {@code key.pem}.
     */
    public static void main(String[] args) {
        ServerOptions options =
                new ServerOptions()
                        .maxStreams(1_000_000)
                        .idleTimeout(Duration.ofHours(1))
                        .host("127.0.0.1")
                        .port(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
        if (args.length > 1) {
            Path folder = Path.of(args[1]);
            options = options.tls(Tls.pem(folder.resolve("chain.pem"), folder.resolve("key.pem")));
        }
        app().run(options);
    }

    static Microdot app() {
        var topics = new Topics();
        var app = new Microdot();
        var next = new AtomicInteger();
        app.get("/events", topics.stream(topic(0)));
        app.get(
                "/spread",
                topics.stream(
                        request ->
                                List.of(
                                        topic(
                                                next.getAndIncrement()
                                                        % number(request, "topics")))));
        app.post(
                "/publish",
                request -> {
                    String data = request.text();
                    int count = number(request, "topics");
                    for (int i = 0; i < count; i++) {
                        topics.publish(topic(i), data);
                    }
                    return 204;
                });
        app.post(
                "/burst",
                request -> {
                    String data = request.text();
                    for (int n = number(request, "n"); n > 0; n--) {
                        topics.publish(topic(0), data);
                    }
                    return 204;
                });
        app.get(
                "/ticks",
                request -> {
                    int period = number(request, "ms");
                    return sseResponse(
                            request,
                            (same, sse) -> {
                                for (long tick = 0; ; tick++) {
                                    sse.send(tick);
                                    Thread.sleep(period);
                                }
                            });
                });
        return app;
    }

    private static String topic(int number) {
        return "events/" + number;
    }

    /** Returns a positive number of the query; 1 when it is absent. */
    private static int number(Request request, String name) {
        String value = request.query(name, "1");
        try {
            int number = Integer.parseInt(value);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Rejected below.
        }
        throw new HttpException(400, name + ": \"" + value + "\" (expected: a positive number)");
    }
}
