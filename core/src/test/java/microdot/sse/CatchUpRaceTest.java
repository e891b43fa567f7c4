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

    /**
     * With another key function the log has another table: events must not fall between the two.
     */
    @Test
    void newKeyFunctionLosesNoEventOfFollowerThatLags() throws Exception {
        topics.options("a", keyed("one "));
        publish("a", 1, 3);
        TopicState topic = topics.registry().pinned("a");
        var cursor = new Cursor(new TestFollower(loop).sink, false, topic, 0, 0);
        var catchUp = new CatchUp(topics.registry().order(), JsonCodec.standard());
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
