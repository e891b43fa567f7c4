package microdot.stores;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import microdot.sse.Event;
import microdot.sse.Topics;
import microdot.sse.store.StoreException;

/**
 * What publishers of a test published, one text after another, and what became of it. Compares that
 * with what a follower got.
 */
public final class PublishedTexts {
    private static final long PATIENCE_SECONDS = 60;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Publisher> publishers = new ArrayList<>();
    private final AtomicBoolean stop = new AtomicBoolean();

    /** One of the publishers. */
    private static final class Publisher {
        final Map<String, String> acknowledged = new LinkedHashMap<>();
        final Set<String> failed = new HashSet<>();
        final Set<String> unknown = new HashSet<>();
        final List<Thread> thread = new ArrayList<>();
    }

    PublishedTexts() {}

    /** Publishes to the topic, one event after another, until {@link #stop}. */
    void start(Topics topics, String topic) {
        var publisher = new Publisher();
        String prefix = publishers.size() + "-";
        publishers.add(publisher);
        publisher.thread.add(
                Thread.ofVirtual()
                        .start(
                                () -> {
                                    for (int n = 0; !stop.get(); n++) {
                                        publish(publisher, topics, topic, prefix + n);
                                    }
                                }));
    }

    private void publish(Publisher publisher, Topics topics, String topic, String text) {
        try {
            String id = topics.publish(topic, Event.of(text));
            change(() -> publisher.acknowledged.put(text, id));
        } catch (StoreException e) {
            change(() -> (e.isUnknown() ? publisher.unknown : publisher.failed).add(text));
        }
    }

    private void change(Runnable action) {
        lock.lock();
        try {
            action.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until each publisher has had so many more acknowledgements. */
    public void awaitAcknowledged(int more) throws InterruptedException {
        var goals = new ArrayList<Integer>();
        change(() -> publishers.forEach(each -> goals.add(each.acknowledged.size() + more)));
        await(
                () -> {
                    for (int i = 0; i < goals.size(); i++) {
                        if (publishers.get(i).acknowledged.size() < goals.get(i)) {
                            return false;
                        }
                    }
                    return true;
                });
    }

    /** Waits until each publisher was told that an event was not published. */
    public void awaitFailures() throws InterruptedException {
        await(() -> publishers.stream().noneMatch(each -> each.failed.isEmpty()));
    }

    private void await(BooleanSupplier reached) throws InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (!reached.getAsBoolean()) {
                assertTrue(left > 0, () -> "not within " + PATIENCE_SECONDS + " s: " + counts());
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private String counts() {
        return String.join(
                "; ",
                publishers.stream()
                        .map(
                                each ->
                                        each.acknowledged.size()
                                                + " acknowledged, "
                                                + each.failed.size()
                                                + " failed, "
                                                + each.unknown.size()
                                                + " unknown")
                        .toList());
    }

    /** Ends the publishers, and waits for what they have begun. */
    void stop() throws InterruptedException {
        stop.set(true);
        for (Publisher each : publishers) {
            each.thread.getFirst().join();
        }
    }

    /** Every event was acknowledged. */
    public void checkNothingFailed() {
        for (Publisher each : publishers) {
            assertEquals(Set.of(), each.failed, counts());
            assertEquals(Set.of(), each.unknown, counts());
        }
    }

    /**
     * A follower got what was acknowledged exactly once and in order, perhaps what is unknown, and
     * nothing else.
     */
    void check(List<Event> got) {
        var ids = new LinkedHashMap<String, String>();
        for (Event event : got) {
            String text = String.valueOf(event.data());
            assertEquals(null, event.event(), () -> event + "; " + counts());
            assertFalse(ids.containsKey(text), () -> "twice: " + text);
            ids.put(text, String.valueOf(event.id()));
        }
        var known = new HashSet<String>();
        for (Publisher each : publishers) {
            known.addAll(each.acknowledged.keySet());
            known.addAll(each.unknown);
            var order = new ArrayList<>(ids.keySet());
            order.retainAll(each.acknowledged.keySet());
            var missing = new ArrayList<>(each.acknowledged.entrySet());
            missing.removeIf(text -> ids.containsKey(text.getKey()));
            assertEquals(List.of(), missing, counts());
            assertEquals(List.copyOf(each.acknowledged.keySet()), order, counts());
            each.acknowledged.forEach((text, id) -> assertEquals(id, ids.get(text), text));
        }
        ids.keySet().forEach(text -> assertTrue(known.contains(text), () -> "failed: " + text));
    }
}
