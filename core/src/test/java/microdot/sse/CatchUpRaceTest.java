package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import microdot.JsonCodec;
import org.junit.jupiter.api.Test;

/** What happens between the moment that a follower lags and the moment that it catches up. */
class CatchUpRaceTest extends TopicsFixture {
    private static TopicOptions keyed(String prefix) {
        return new TopicOptions().keepEvents(1).latestBy(event -> prefix + event.data());
    }

    /** A removal takes an entry, but is no missed event. */
    @Test
    void topicThatIsRemovedAfterFollowerLaggedGivesGapOfRemoval() {
        CatchUpResult found = slowAfterRemoval(new TopicOptions().keepEvents(1));
        assertEquals(List.of("gap removed null up to 3"), story(found));
        assertEquals(3, found.entry()); // From the first event after the removal on.
    }

    @Test
    void topicWithSnapshotThatIsRemovedAfterFollowerLaggedGivesGapOfRemoval() {
        CatchUpResult found =
                slowAfterRemoval(new TopicOptions().keepEvents(1).snapshot(() -> "now"));
        assertEquals(List.of("gap removed null up to 5", "now up to 5"), story(found));
    }

    /** Two events, the removal of the topic, and two events, for a follower that read none. */
    private CatchUpResult slowAfterRemoval(TopicOptions options) {
        topics.topic("a", options);
        TopicState topic = topics.registry().pinned("a");
        publish("a", 1, 2);
        topics.remove("a");
        topics.topic("a", options);
        publish("a", 3, 4);
        var cursor = new Cursor(new TestFollower(loop).sink, false, topic, 0, 0);
        var catchUp = new CatchUp(topics.registry().order(), JsonCodec.standard(), null);
        CatchUpResult found = catchUp.slow(cursor, stop -> {});
        topic.unpin();
        return found;
    }

    private static List<String> story(CatchUpResult found) {
        return found.notices().stream()
                .map(
                        notice -> {
                            byte[] bytes =
                                    Objects.requireNonNull(notice.event()).toBytes(new byte[0]);
                            Event event = EventParser.parseOne(bytes, 0, bytes.length);
                            return told(event) + " up to " + notice.upTo();
                        })
                .toList();
    }

    private static String told(Event event) {
        if (!"gap".equals(event.event())) {
            return "" + event.data();
        }
        TestFollower.TestGap gap = TestFollower.TestGap.of(event);
        return "gap " + gap.reason() + " " + gap.missed();
    }

    /**
     * With another key function the log has another table: events must not fall between the two.
     */
    @Test
    void newKeyFunctionLosesNoEventOfFollowerThatLags() throws Exception {
        topics.options("a", keyed("one "));
        publish("a", 1, 3);
        TopicState topic = topics.registry().pinned("a");
        var cursor = new Cursor(new TestFollower(loop).sink, false, topic, 0, 0);
        var catchUp = new CatchUp(topics.registry().order(), JsonCodec.standard(), null);
        var result = new AtomicReference<CatchUpResult>();
        var catching = new Thread(() -> result.set(catchUp.slow(cursor, stop -> {})));
        topics.registry()
                .order()
                .runLocked(
                        () -> {
                            catching.start();
                            while (catching.getState() != Thread.State.TIMED_WAITING) {
                                Thread.onSpinWait();
                            }
                            topics.topic("a", keyed("two "));
                            publish("a", 4, 6);
                        });
        catching.join();
        CatchUpResult found = Objects.requireNonNull(result.get());
        assertEquals(List.of(4L, 5L), found.frames().stream().map(f -> f.position()).toList());
        assertEquals(1, found.notices().size());
        assertEquals(3, found.notices().getFirst().upTo());
        topic.unpin();
    }
}
