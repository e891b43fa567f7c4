package microdot.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import microdot.Headers;
import microdot.contract.FuzzContract;
import microdot.sse.log.EventId;
import org.jspecify.annotations.Nullable;

/**
 * Whatever a client sends as {@code Last-Event-ID}, it resumes after that event, or gets a gap and
 * everything that is kept. In an input, {@code EEEEEEEEEE} stands for the epoch of the topics.
 */
class LastEventIdFuzzTest extends FuzzContract {
    private static final int EVENTS = 40;
    private static final int KEPT = 30;
    private static final Duration LONGEST_SEARCH = Duration.ofDays(1);
    private static final TestLoop LOOP = new TestLoop();
    private static final Topics TOPICS = new Topics();
    private static final TopicStream STREAM;
    private static final String EPOCH;
    private static final long HEAD;

    static {
        TOPICS.topic("t", new TopicOptions().keepEvents(KEPT).keepFor(LONGEST_SEARCH));
        String id = "";
        for (int i = 1; i <= EVENTS; i++) {
            TOPICS.publish("other", "x");
            id = TOPICS.publish("t", "" + i);
        }
        EventId last = Objects.requireNonNull(EventId.parse(id));
        EPOCH = last.epoch();
        HEAD = last.position();
        STREAM = TOPICS.stream("t");
    }

    LastEventIdFuzzTest() {
        super(LastEventIdFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        String sent = new String(input, ISO_8859_1).replace("EEEEEEEEEE", EPOCH);
        var headers = new Headers();
        try {
            headers.add("Last-Event-ID", sent);
        } catch (IllegalArgumentException notSent) {
            return;
        }
        checkShape(sent);
        var follower = new TestFollower(LOOP).follow(STREAM, "/", headers);
        String id = new String(sent.getBytes(ISO_8859_1), StandardCharsets.UTF_8);
        try {
            checkStory(follower, id);
        } finally {
            follower.sink.disconnect();
            LOOP.run();
        }
    }

    private static void checkStory(TestFollower follower, String id) {
        long position = id.isEmpty() ? HEAD : position(EventId.parse(id));
        // The positions of the topic are the even ones.
        if (position >= 2L * (EVENTS - KEPT)) {
            List<String> expected =
                    IntStream.rangeClosed((int) (position / 2) + 1, EVENTS)
                            .mapToObj(String::valueOf)
                            .toList();
            assertEquals(expected, follower.story());
            return;
        }
        List<String> story = follower.awaitData("" + EVENTS).story();
        assertTrue(story.getFirst().startsWith("gap t "), story::toString);
        List<String> kept =
                IntStream.rangeClosed(EVENTS - KEPT + 1, EVENTS).mapToObj(String::valueOf).toList();
        assertEquals(kept, story.subList(1, story.size()));
        assertEquals(HEAD, position(EventId.parse(String.valueOf(follower.lastEventId()))));
    }

    /** Returns the position that the topic knows; -1 if there is none. */
    private static long position(@Nullable EventId id) {
        return id == null || !id.epoch().equals(EPOCH) || id.position() > HEAD ? -1 : id.position();
    }

    /** An id that is read is written as it was. */
    private static void checkShape(String text) {
        EventId id = EventId.parse(text);
        if (id != null) {
            assertEquals(text, id.toString());
        }
        RunEventId run = RunEventId.parse(text);
        if (run != null) {
            assertEquals(text, run.epoch() + "." + run.token() + "-" + run.position());
        }
    }
}
