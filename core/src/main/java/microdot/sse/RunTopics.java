package microdot.sse;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import microdot.sse.log.Epoch;
import microdot.sse.log.EventLog;
import microdot.sse.log.MemoryOrder;
import microdot.sse.log.Retention;
import org.jspecify.annotations.Nullable;

/**
 * The topics of runs. They are not found by a name: only their run publishes to them, and nobody
 * can configure or remove them. Each is kept whole until its end is over. Thread-safe.
 */
final class RunTopics {
    private static final TopicOptions DEFAULTS = new TopicOptions();

    private final MemoryOrder order;

    /** With what runs when the topic was forgotten. */
    private final Map<TopicState, Runnable> kept = new ConcurrentHashMap<>();

    RunTopics(MemoryOrder order) {
        this.order = order;
    }

    /**
     * Makes the topic of a run.
     *
     * @param label names it in log entries and gaps
     * @param forgotten called once when the topic was forgotten
     * @return null if the budget of all topics has no room for it
     */
    @Nullable TopicState add(String label, Retention retention, Epoch ids, Runnable forgotten) {
        return order.locked(
                () -> {
                    EventLog log = order.newWholeLog(retention, ids);
                    if (log == null) {
                        return null;
                    }
                    var topic = new TopicState(label, order, DEFAULTS, log);
                    kept.put(topic, forgotten);
                    return topic;
                });
    }

    /** Returns the order of all runs. */
    MemoryOrder order() {
        return order;
    }

    /** Nothing is appended from now on. */
    void close() {
        order.close();
    }

    /** Lets time pass, for a test. */
    void timePassed(Duration time) {
        order.timePassed(time);
    }

    /** Uses the topic from now on; returns false when it was forgotten. */
    boolean pin(TopicState topic) {
        // If it is being forgotten just now, or could not be after all, the lock decides.
        return topic.pin()
                || order.locked(
                        () -> {
                            boolean known = kept.containsKey(topic);
                            if (known) {
                                topic.pinKnown();
                            }
                            return known;
                        });
    }

    /** Under the lock of the order. */
    private void release(TopicState topic) {
        topic.log.clear();
        order.forget(topic.log);
        Runnable forgotten = kept.remove(topic);
        if (forgotten != null) {
            forgotten.run();
        }
    }

    /** Forgets the topics whose end is over, and releases unused loops. */
    void sweep() {
        long now = order.now();
        for (TopicState topic : kept.keySet()) {
            topic.readers.releaseUnused();
            order.runLocked(
                    () -> {
                        if (topic.forgetEnded(now)) {
                            release(topic);
                        }
                    });
        }
    }

    /** Wakes the followers of all. */
    void wake() {
        kept.keySet().forEach(topic -> topic.readers.wake());
    }
}
