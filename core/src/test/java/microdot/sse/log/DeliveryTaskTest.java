package microdot.sse.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DeliveryTaskTest {
    private final Queue<Runnable> loop = new ArrayDeque<>();
    private boolean full;
    private final Executor executor =
            task -> {
                if (full) {
                    throw new OutOfMemoryError("the test");
                }
                loop.add(task);
            };
    private final DeliveryTask task = new DeliveryTasks().join(executor);

    private TopicReaders follow(AtomicInteger pulls) {
        var topic = new TopicReaders();
        topic.join(task)
                .add(
                        new LoopReaders.Reader() {
                            @Override
                            protected void pull() {
                                pulls.incrementAndGet();
                            }
                        });
        return topic;
    }

    private void runLoop() {
        for (Runnable next = loop.poll(); next != null; next = loop.poll()) {
            next.run();
        }
    }

    @Test
    void followersAreWokenAgainAfterTheirLoopHadNoMemoryForATask() {
        var pulls = new AtomicInteger();
        var pullsOfOther = new AtomicInteger();
        TopicReaders topic = follow(pulls);
        TopicReaders other = follow(pullsOfOther);
        full = true;
        assertThrows(OutOfMemoryError.class, topic::wake);
        full = false;
        other.wake();
        runLoop();
        assertEquals(1, pulls.get()); // What could not be handed over is served, too.
        assertEquals(1, pullsOfOther.get());
        topic.wake();
        runLoop();
        assertEquals(2, pulls.get());
    }
}
