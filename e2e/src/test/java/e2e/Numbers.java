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

/** Streams that count on from the last event id of the client, two numbers each. */
final class Numbers {
    /** The number after which {@code /episodes} answers 204, so that clients stop. */
    static final int LAST = 6;

    /** The Last-Event-ID of each request for an episode; empty for a request without one. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    /** Runs as a separate program, so that a test can kill it: {@code Numbers PORT}. */
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

    /** The line that a browser's page prints for the event of a number. */
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

    /** Ends after two numbers, so that the client reconnects; 204 stops it from reconnecting. */
    private Object episode(Request request) {
        String last = Objects.requireNonNullElse(request.header("Last-Event-ID"), "");
        asked.add(last);
        // A client that does not resume is stopped too, so that the test ends and can report it.
        boolean over = last.equals("" + LAST) || asked.size() > 10;
        return over ? 204 : Sse.sseResponse(request, Numbers::two);
    }
}
