package e2e;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.Event;
import microdot.sse.Sse;

/** Streams that count on from the id that a client brings, two numbers each. */
final class Numbers {
    /** The number after which {@code /episodes} says that there is nothing more to come for. */
    static final int LAST = 6;

    /** The Last-Event-ID of each request for an episode, empty where there was none. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    /** A program of its own, so that a test can kill it: {@code Numbers PORT}. */
    public static void main(String[] args) {
        new Numbers()
                .app()
                .run(new ServerOptions().host("127.0.0.1").port(Integer.parseInt(args[0])));
    }

    Microdot app() {
        return new Microdot()
                .get("/", request -> Response.html("<!doctype html><title>numbers</title>"))
                .get("/events", Sse.withSse(Numbers::twoAndStay))
                .get("/episodes", this::episode);
    }

    /** How a browser's page prints the event of a number. */
    static String printed(int number) {
        return "{\"event\":\"reading\",\"id\":\"%1$d\",\"data\":\"line\\n%1$d\"}".formatted(number);
    }

    private static void twoAndStay(Request request, Sse sse) throws InterruptedException {
        two(request, sse);
        Thread.sleep(Duration.ofDays(1));
    }

    private static void two(Request request, Sse sse) {
        int from = Integer.parseInt(Objects.requireNonNullElse(sse.lastEventId(), "0"));
        for (int number = from + 1; number <= from + 2; number++) {
            sse.send(
                    Event.of("line\r\n" + number)
                            .event("reading")
                            .id("" + number)
                            .retry(Duration.ofMillis(50)));
        }
    }

    /** Ends after two numbers, so that whoever wants more comes again; 204 ends it for good. */
    private Object episode(Request request) {
        String last = Objects.requireNonNullElse(request.header("Last-Event-ID"), "");
        asked.add(last);
        // Who does not resume is stopped all the same, so that the test ends and can say so.
        boolean over = last.equals("" + LAST) || asked.size() > 10;
        return over ? 204 : Sse.sseResponse(request, Numbers::two);
    }
}
