package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Objects;
import microdot.JsonCodec;
import microdot.sse.log.StoreOrder;
import microdot.sse.store.MemoryStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A store gives many entries at once: clients that come while they are placed one after another,
 * and the head does not cover them yet.
 */
@Timeout(60)
class PlacedBeforeTheHeadTest {
    private final Topics topics = new Topics(new MemoryStore());
    private final StoreOrder order = (StoreOrder) topics.registry().order();
    private final TestLoop loop = new TestLoop();

    @AfterEach
    void end() {
        topics.close();
    }

    private TopicState topic(String name) {
        return Objects.requireNonNull(topics.registry().existing(name));
    }

    private void placeEvent(String topic, String data, long position) {
        var event = EventEncoder.encodeWithoutId(Event.of(data), JsonCodec.standard());
        order.runLocked(() -> order.place(topic(topic).log, event, null, position));
    }

    private void raise(long position) {
        order.runLocked(() -> order.raise(position));
        topics.registry().all().forEach(topic -> topic.readers.wake());
    }

    @Test
    void clientWithAnUnknownIdGetsIt() {
        topics.publish("news", Event.of("n1").id("own"));
        long head = order.head();
        placeEvent("news", "n2", head + 1);
        var follower = new TestFollower(loop).follow(topics.stream("news"), "other").await(1);
        raise(head + 1);
        assertEquals(List.of("gap news unknown null", "n2"), follower.awaitData("n2").story());
    }
}
