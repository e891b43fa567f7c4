package microdot.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Objects;
import microdot.JsonCodec;
import microdot.sse.Event;
import microdot.sse.Gap;
import microdot.sse.Subscription;
import microdot.sse.Table;
import microdot.sse.TableOptions;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;

/**
 * What clients get that were elsewhere before: on an engine that was emptied while no process ran,
 * or on a process that did not know a table.
 */
abstract class StoreClientCases extends StoreTableCases {
    StoreClientCases() {}

    private static Topics configured(Topics topics) {
        topics.topic("state", new TopicOptions().snapshot(() -> "snapshot"));
        topics.topic("latest", new TopicOptions().latestBy(Event::event));
        topics.table("table", new TableOptions());
        return topics;
    }

    /** Publishes to each topic, and returns the first and the last id. */
    private static List<String> publish(Topics topics, String text) {
        String first = topics.publish("plain", text);
        topics.publish("state", text);
        topics.publish("latest", Event.of(text).event("key"));
        topics.table("table", new TableOptions()).put("row", text);
        return List.of(first, topics.publish("plain", text));
    }

    private Topics emptied(OneProcess before) throws Exception {
        before.topics().close();
        empty();
        return process().topics();
    }

    /** Returns the id after a gap up to a higher position. */
    private static String gap(Subscription follower, String from) {
        Event event = follower.next();
        assertEquals("gap", event.event(), () -> "" + event);
        Gap gap =
                JsonCodec.standard()
                        .decode(String.valueOf(event.data()).getBytes(UTF_8), Gap.class);
        assertEquals(from, gap.from());
        assertEquals("restarted", gap.reason());
        assertTrue(position(gap.to()) > position(from), () -> "" + gap);
        return Objects.requireNonNull(gap.to());
    }

    private static long position(String id) {
        return Long.parseLong(id.substring(id.indexOf('-') + 1));
    }

    @Test
    void clientOfAnEmptiedEngineGetsOneGapWithRisingBounds() throws Exception {
        OneProcess process = process();
        List<String> old = publish(configured(process.topics()), "old");
        Topics topics = configured(emptied(process));
        for (String id : old) {
            String name = id.equals(old.getFirst()) ? "plain" : "another";
            try (Subscription early = topics.followAfter(id, name)) {
                String reached = gap(early, id);
                String published = topics.publish(name, "new");
                assertTrue(position(published) > position(reached));
                assertEquals(published, early.next().id());
                try (Subscription again = topics.followAfter(reached, name)) {
                    assertEquals(published, again.next().id(), "no second gap");
                }
            }
        }
    }

    @Test
    void clientOfAnEmptiedEngineGetsWhatIsThereNow() throws Exception {
        OneProcess process = process();
        String old = publish(configured(process.topics()), "old").getLast();
        Topics topics = configured(emptied(process));
        publish(topics, "new");
        try (Subscription plain = topics.followAfter(old, "plain")) {
            gap(plain, old);
            assertEquals("new", plain.next().data());
        }
        try (Subscription latest = topics.followAfter(old, "latest")) {
            gap(latest, old);
            assertEquals("new", latest.next().data());
        }
        try (Subscription state = topics.followAfter(old, "state")) {
            gap(state, old);
            assertEquals("snapshot", state.next().event());
        }
        try (Subscription table = topics.followAfter(old, "table")) {
            gap(table, old);
            Event rows = table.next();
            assertEquals("snapshot", rows.event());
            assertTrue(String.valueOf(rows.data()).contains("new"), () -> "" + rows);
        }
    }

    @Test
    void clientOfAnEmptiedEngineGetsAnEmptyState() throws Exception {
        OneProcess process = process();
        String old = publish(configured(process.topics()), "old").getLast();
        Topics topics = configured(emptied(process));
        for (String name : List.of("latest", "table", "state")) {
            try (Subscription follower = topics.followAfter(old, name)) {
                gap(follower, old);
            }
        }
    }

    @Test
    void clientOfAProcessThatDoesNotKnowTheTableGetsItsRowsElsewhere() throws Exception {
        OneProcess process = process();
        Table table = process.topics().table("sensors", new TableOptions());
        String known = table.put("one", 1);
        OneProcess early = process.isAlone() ? after(process) : process();
        if (!process.isAlone()) {
            table.put("two", 2);
        }
        String id;
        try (Subscription hop = early.topics().followAfter(known, "sensors", "a")) {
            early.topics().publish("a", "x");
            Event next = hop.next();
            assertEquals("x", next.data(), "it knows no rows");
            id = Objects.requireNonNull(next.id());
        }
        OneProcess last = process.isAlone() ? after(early) : process;
        last.topics().table("sensors", new TableOptions());
        try (Subscription back = last.topics().followAfter(id, "sensors", "a")) {
            last.topics().publish("a", "y");
            if (!process.isAlone()) {
                Event rows = back.next();
                assertEquals("snapshot", rows.event(), () -> "" + rows);
                assertTrue(String.valueOf(rows.data()).contains("\"two\":2"), () -> "" + rows);
            }
            assertEquals("y", back.next().data());
        }
    }
}
