package microdot.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import microdot.Body;
import microdot.Headers;
import microdot.JsonCodec;
import microdot.Microdot;
import microdot.Request;
import org.jspecify.annotations.Nullable;

/** A client of topics on the test's loop, and what it has read. */
final class TestFollower {
    final FakeSink sink;
    private final TestLoop loop;
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();

    TestFollower(TestLoop loop) {
        this.loop = loop;
        this.sink = new FakeSink(loop, read::writeBytes);
    }

    /** Follows from now on. */
    static TestFollower of(TestLoop loop, Topics topics, String... names) {
        return resuming(loop, topics, null, names);
    }

    /** Reconnects with an id. */
    static TestFollower resuming(
            TestLoop loop, Topics topics, @Nullable String lastEventId, String... names) {
        return new TestFollower(loop).follow(topics.stream(names), lastEventId);
    }

    TestFollower follow(TopicStream stream, @Nullable String lastEventId) {
        Headers headers = new Headers();
        if (lastEventId != null) {
            headers.add("Last-Event-ID", new String(lastEventId.getBytes(UTF_8), ISO_8859_1));
        }
        return follow(stream, "/", headers);
    }

    TestFollower follow(TopicStream stream, String target, Headers headers) {
        return follow(new Microdot().get("/", stream), target, headers);
    }

    TestFollower follow(Microdot app, String target) {
        return follow(app, target, new Headers());
    }

    private TestFollower follow(Microdot app, String target, Headers headers) {
        var client = new InetSocketAddress(9);
        var request = new Request("GET", target, headers, new byte[0], client, "http");
        try {
            var response = app.route(request).run();
            var body = (Body.Stream) response.body();
            sink.closingFrames(body.closingFrames());
            body.writer().writeTo(sink);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        loop.run();
        return this;
    }

    String text() {
        return read.toString(UTF_8);
    }

    /** Returns what it read, each event with the fields that were written. */
    List<Event> events() {
        var events = new ArrayList<Event>();
        for (String block : text().split("\n\n", -1)) {
            if (block.contains("data: ")) {
                byte[] bytes = (block + "\n\n").getBytes(UTF_8);
                events.add(EventParser.parseOne(bytes, 0, bytes.length));
            }
        }
        return events;
    }

    /**
     * Returns its events as {@code name:data} or {@code data}; a gap as its topic, its reason and
     * how many events it missed.
     */
    List<String> story() {
        return events().stream().map(TestFollower::describe).toList();
    }

    private static String describe(Event event) {
        if ("gap".equals(event.event())) {
            TestGap gap = TestGap.of(event);
            return "gap " + gap.topic() + " " + gap.reason() + " " + gap.missed();
        }
        return event.event() == null ? "" + event.data() : event.event() + ":" + event.data();
    }

    /** Runs the loop until it has read {@code events} events. */
    TestFollower await(int events) {
        loop.runUntil(() -> events().size() >= events);
        return this;
    }

    /** Runs the loop until it has read an event with this data. */
    TestFollower awaitData(String data) {
        return await(event -> data.equals(event.data()));
    }

    TestFollower await(Predicate<Event> wanted) {
        loop.runUntil(() -> events().stream().anyMatch(wanted));
        return this;
    }

    Event event(int at) {
        return events().get(at);
    }

    TestGap gap(int at) {
        return TestGap.of(event(at));
    }

    /** Returns the id that a browser would reconnect with. */
    @Nullable String lastEventId() {
        return ParsedStream.of(read.toByteArray()).lastEventId();
    }

    /** The data of a gap event. */
    record TestGap(
            String topic, @Nullable String from, String to, @Nullable Long missed, String reason) {
        static TestGap of(Event event) {
            byte[] json = Objects.requireNonNull((String) event.data()).getBytes(UTF_8);
            return JsonCodec.standard().decode(json, TestGap.class);
        }
    }
}
