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

/** A client of topics on a loop of the test's, and what it has read. */
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
        return returning(loop, topics, null, names);
    }

    /** Comes back with an id. */
    static TestFollower returning(
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
        var client = new InetSocketAddress(9);
        var request = new Request("GET", target, headers, new byte[0], client, "http");
        try {
            var response = new Microdot().get("/", stream).handle(request);
            Body.StreamWriter writer = ((Body.Stream) response.body()).writer();
            sink.closingFrames(Objects.requireNonNull(writer.closingFrames()));
            writer.writeTo(sink);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        loop.run();
        return this;
    }

    String text() {
        return read.toString(UTF_8);
    }

    /** What it read, each event with the fields that it was written with. */
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

    /** As {@code name:data} or {@code data}; a gap by its reason and how many it missed. */
    List<String> story() {
        return events().stream().map(TestFollower::told).toList();
    }

    private static String told(Event event) {
        if ("gap".equals(event.event())) {
            TestGap gap = TestGap.of(event);
            return "gap " + gap.topic() + " " + gap.reason() + " " + gap.missed();
        }
        return event.event() == null ? "" + event.data() : event.event() + ":" + event.data();
    }

    /** Turns the loop until so many events are there. */
    TestFollower await(int events) {
        loop.runUntil(() -> events().size() >= events);
        return this;
    }

    /** Turns the loop until an event of that data is there. */
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

    /** The id that a browser would come back with. */
    @Nullable String lastEventId() {
        return ParsedStream.of(read.toByteArray()).lastEventId();
    }

    /** A gap as its event says it. */
    record TestGap(
            String topic, @Nullable String from, String to, @Nullable Long missed, String reason) {
        static TestGap of(Event event) {
            byte[] json = Objects.requireNonNull((String) event.data()).getBytes(UTF_8);
            return JsonCodec.standard().decode(json, TestGap.class);
        }
    }
}
