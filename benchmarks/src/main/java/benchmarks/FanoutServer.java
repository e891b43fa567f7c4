package benchmarks;

import static microdot.sse.Sse.sseResponse;

import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.sse.Topics;

/**
 * What is measured of ours: one topic and a loop for each stream, with the defaults that a user
 * has.
 *
 * <ul>
 *   <li>{@code GET /events} follows the topic.
 *   <li>{@code POST /publish} publishes the body as one event.
 *   <li>{@code POST /burst?n=N} publishes it N times, as fast as one thread can.
 *   <li>{@code GET /ticks?ms=M} sends an event each M milliseconds, from a handler of its own.
 * </ul>
 */
public final class FanoutServer {
    private static final String TOPIC = "events";

    private FanoutServer() {}

    /** Listens on loopback only: whoever reaches it may publish. */
    public static void main(String[] args) {
        app().run("127.0.0.1", args.length > 0 ? Integer.parseInt(args[0]) : 5000);
    }

    static Microdot app() {
        var topics = new Topics();
        var app = new Microdot();
        app.get("/events", topics.stream(TOPIC));
        app.post(
                "/publish",
                request -> {
                    topics.publish(TOPIC, request.text());
                    return 204;
                });
        app.post(
                "/burst",
                request -> {
                    String data = request.text();
                    for (int n = number(request, "n"); n > 0; n--) {
                        topics.publish(TOPIC, data);
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

    private static int number(Request request, String name) {
        String value = request.query(name, "");
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new HttpException(400, name + ": \"" + value + "\" (expected: a number)");
        }
    }
}
