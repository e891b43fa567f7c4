package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import microdot.JsonCodec;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Sse;

/** A stream that every client reads, and the events that each must receive. */
final class Script {
    static final String NAME = "reading";
    static final String END = "end";

    private static final int MEBIBYTE = 1 << 20;

    private Script() {}

    /** An event as a client delivers it to its user. */
    record Received(String event, String id, String data) {}

    static List<Event> events() {
        var events = new ArrayList<Event>();
        events.add(Event.of("plain"));
        events.add(Event.of(Map.of("temp", 20.5)).event(NAME).id("1"));
        events.add(Event.of("two\nlines"));
        events.add(Event.of("CRLF\r\nand CR\rand LF\nand an empty line:\n\nand the end"));
        events.add(Event.of("").event(NAME));
        events.add(Event.of("  two spaces ahead").id("2"));
        events.add(Event.of("ends with breaks\n\n"));
        events.add(Event.of("data: id: event: retry: : looks like fields"));
        events.add(Event.of("🐈 ünïcode \u2028 \u0085 中文").event(NAME).id("ü-3"));
        events.add(Event.of("with retry").retry(Duration.ofMillis(150)));
        events.add(Event.of("xyzäöü中🐈".repeat(5 * MEBIBYTE / 16)).id("large"));
        for (int i = 0; i < 100; i++) {
            events.add(Event.of("burst " + i).event(NAME).id("b" + i));
        }
        events.add(Event.of("over").event(END));
        return events;
    }

    /** Returns the events as a client receives them by the standard. */
    static List<Received> received() {
        var all = new ArrayList<Received>();
        String id = "";
        for (Event event : events()) {
            id = event.id() == null ? id : event.id();
            String name = event.event() == null ? "message" : event.event();
            all.add(new Received(name, id, text(event.data())));
        }
        return all;
    }

    private static String text(Object data) {
        String text = data instanceof Map ? "{\"temp\":20.5}" : data.toString();
        return text.replace("\r\n", "\n").replace('\r', '\n');
    }

    /** Parses an event that one of our scripts printed. */
    static Received parse(String json) {
        Map<?, ?> fields =
                JsonCodec.standard().decode(json.getBytes(StandardCharsets.UTF_8), Map.class);
        return new Received(
                String.valueOf(fields.get("event")),
                String.valueOf(fields.get("id")),
                String.valueOf(fields.get("data")));
    }

    /** Fails at the first event that differs from the standard. */
    static void check(List<Received> got) {
        List<Received> expected = received();
        for (int i = 0; i < Math.min(expected.size(), got.size()); i++) {
            assertEquals(shown(expected.get(i)), shown(got.get(i)), "event " + i);
        }
        assertEquals(expected, got);
    }

    /** Truncated: an event of five megabytes would make the message unreadable. */
    private static Received shown(Received event) {
        String data = event.data();
        return data.length() < 200
                ? event
                : new Received(event.event(), event.id(), data.length() + " " + data.hashCode());
    }

    /** Serves the script at {@code /script}; the stream stays open until the client disconnects. */
    static Microdot app() {
        return new Microdot()
                .get("/", request -> Response.html("<!doctype html><title>script</title>"))
                .get(
                        "/script",
                        Sse.withSse(
                                (request, sse) -> {
                                    for (Event event : events()) {
                                        sse.comment("before an event");
                                        sse.send(event);
                                    }
                                    Thread.sleep(Duration.ofDays(1));
                                }));
    }
}
