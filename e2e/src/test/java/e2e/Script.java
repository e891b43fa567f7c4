package e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.Sse;

/** A stream that every client reads, and what each must have got at its end. */
final class Script {
    static final String NAME = "reading";
    static final String END = "end";

    private static final int MEBIBYTE = 1 << 20;

    private Script() {}

    /** What a client hands to its user. */
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

    /** The events as the standard has a client receive them. */
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

    /** Serves the script at {@code /script}; the stream then stays open until the client leaves. */
    static Microdot app() {
        return new Microdot()
                .get(
                        "/script",
                        Sse.withSse(
                                (request, sse) -> {
                                    for (Event event : events()) {
                                        sse.comment("ahead of an event");
                                        sse.send(event);
                                    }
                                    Thread.sleep(Duration.ofDays(1));
                                }));
    }
}
