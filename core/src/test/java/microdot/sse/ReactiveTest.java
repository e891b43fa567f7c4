package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import microdot.Logged;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Topics and reactive streams. */
@Timeout(60)
class ReactiveTest {
    private final Topics topics = new Topics();

    /** Notes its signals. */
    private static final class Probe implements Flow.Subscriber<Event> {
        private final BlockingQueue<Object> signals = new LinkedBlockingQueue<>();
        private volatile Flow.@Nullable Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
        }

        @Override
        public void onNext(Event event) {
            signals.add(event.event() == null ? String.valueOf(event.data()) : event.event());
        }

        @Override
        public void onError(Throwable failure) {
            signals.add(failure);
        }

        @Override
        public void onComplete() {
            signals.add("complete");
        }

        Probe request(long count) {
            Objects.requireNonNull(subscription).request(count);
            return this;
        }

        Object next() throws InterruptedException {
            return Objects.requireNonNull(signals.poll(30, TimeUnit.SECONDS));
        }
    }

    private Probe subscribe(String... names) {
        var probe = new Probe();
        topics.publisher(names).subscribe(probe);
        return probe;
    }

    @Test
    void demandIsHonoured() throws Exception {
        Probe probe = subscribe("a").request(2);
        for (String data : List.of("one", "two", "three")) {
            topics.publish("a", data);
        }
        assertEquals("one", probe.next());
        assertEquals("two", probe.next());
        assertNull(probe.signals.poll());
        probe.request(Long.MAX_VALUE).request(Long.MAX_VALUE);
        assertEquals("three", probe.next());
    }

    @Test
    void endOfTheTopicsCompletes() throws Exception {
        Probe probe = subscribe("a").request(10);
        topics.topic("a").close("last");
        assertEquals("last", probe.next());
        assertEquals("checkpoint", probe.next());
        assertEquals("complete", probe.next());
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void endNeedsNoDemand() throws Exception {
        Probe probe = subscribe("a").request(1);
        topics.topic("a").close();
        assertEquals("checkpoint", probe.next());
        assertEquals("complete", probe.next());
    }

    @Test
    void subscriberThatIsDisconnectedGetsAnError() throws Exception {
        var options = new TopicOptions().onSlow(TopicOptions.OnSlow.DISCONNECT).keepEvents(1);
        topics.topic("a", options);
        Probe probe = subscribe("a").request(1);
        topics.publish("a", "first");
        assertEquals("first", probe.next());
        for (int i = 0; i < 5000; i++) {
            topics.publish("a", "a" + i);
        }
        probe.request(Long.MAX_VALUE);
        Object last = probe.next();
        while (last instanceof String) {
            last = probe.next();
        }
        assertInstanceOf(IllegalStateException.class, last);
    }

    @Test
    void slowSubscriberGetsGap() throws Exception {
        topics.topic("a", new TopicOptions().keepEvents(1));
        Probe probe = subscribe("a");
        for (int i = 0; i < 5000; i++) {
            topics.publish("a", "a" + i);
        }
        probe.request(Long.MAX_VALUE);
        Object signal = probe.next();
        boolean gap = signal.equals("gap");
        while (!signal.equals("a4999")) {
            signal = probe.next();
            gap |= signal.equals("gap");
        }
        assertEquals(true, gap);
    }

    @Test
    void cancelEndsTheSubscription() throws Exception {
        Probe probe = subscribe("a").request(1);
        Objects.requireNonNull(probe.subscription).cancel();
        while (topics.topic("a").followers() > 0) {
            Thread.onSpinWait();
        }
        topics.publish("a", "late");
        assertNull(probe.signals.poll(50, TimeUnit.MILLISECONDS));
    }

    @Test
    void subscriberThatFailsAtOnceIsNoFollower() {
        var failing =
                new Flow.Subscriber<Event>() {
                    @Override
                    public void onSubscribe(Flow.Subscription given) {
                        throw new IllegalStateException("thrown by the test");
                    }

                    @Override
                    public void onNext(Event event) {}

                    @Override
                    public void onError(Throwable failure) {}

                    @Override
                    public void onComplete() {}
                };
        Flow.Publisher<Event> publisher = topics.publisher("a");
        assertThrows(IllegalStateException.class, () -> publisher.subscribe(failing));
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void wrongDemandIsAnError() throws Exception {
        Probe probe = subscribe("a").request(0);
        assertInstanceOf(IllegalArgumentException.class, probe.next());
        assertEquals(0, topics.topic("a").followers());
    }

    @Test
    void itemsOfAPublisherArePublished() throws Exception {
        try (Subscription events = topics.follow("a");
                var source = new SubmissionPublisher<String>()) {
            topics.publishAll("a", source);
            for (int i = 0; i < 1000; i++) {
                source.submit("s" + i);
            }
            for (int i = 0; i < 1000; i++) {
                assertEquals("s" + i, events.next().data());
            }
        }
    }

    @Test
    void failureOfAPublisherIsLoggedAndTheTopicStaysOpen() throws Exception {
        try (var log = new Logged("microdot");
                var source = new SubmissionPublisher<String>(Runnable::run, 16)) {
            topics.publishAll("a", source);
            source.closeExceptionally(new IllegalStateException("by the test"));
            assertEquals(1, log.messages().size());
        }
        topics.publish("a", "one");
    }

    @Test
    void itemThatCannotBePublishedCancelsItsPublisher() throws Exception {
        try (var log = new Logged("microdot");
                var source = new SubmissionPublisher<Object>(Runnable::run, 16)) {
            topics.publishAll("a", source);
            source.submit(Event.of("x").event("gap"));
            assertFalse(source.hasSubscribers());
            assertEquals(1, log.messages().size());
        }
    }
}
