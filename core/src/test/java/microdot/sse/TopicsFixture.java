package microdot.sse;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Topics, a loop, and clients that follow them. */
abstract class TopicsFixture {
    final Topics topics = new Topics();
    final TestLoop loop = new TestLoop();

    TestFollower follow(String... names) {
        return TestFollower.of(loop, topics, names);
    }

    /** Reconnects with an id. */
    TestFollower resume(@Nullable String id, String... names) {
        return TestFollower.resuming(loop, topics, id, names);
    }

    /** Publishes events whose data is the topic's name with a number. */
    void publish(String topic, int from, int to) {
        IntStream.rangeClosed(from, to).forEach(i -> topics.publish(topic, topic + i));
    }
}
