package microdot.sse;

import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import microdot.internal.Required;

/**
 * The events of topics as a reactive stream. Each subscriber has a virtual thread, which waits for
 * its demand and then for an event.
 *
 * @param follow begins to follow
 */
record TopicPublisher(Supplier<Subscription> follow) implements Flow.Publisher<Event> {
    @Override
    public void subscribe(Flow.Subscriber<? super Event> subscriber) {
        Required.notNull(subscriber, "subscriber", "a subscriber");
        var delivery = new Delivery(subscriber, follow.get());
        subscriber.onSubscribe(delivery);
        Thread.ofVirtual().name("microdot-publisher").start(delivery);
    }

    private static final class Delivery implements Flow.Subscription, Runnable {
        private final Flow.Subscriber<? super Event> subscriber;
        private final Subscription events;
        private final Semaphore demand = new Semaphore(0);
        private volatile long wrongRequest = 1;
        private volatile boolean cancelled;

        Delivery(Flow.Subscriber<? super Event> subscriber, Subscription events) {
            this.subscriber = subscriber;
            this.events = events;
        }

        @Override
        public void request(long count) {
            if (count <= 0) {
                wrongRequest = count;
                events.close();
                demand.release();
                return;
            }
            // More can never be delivered, and the number must not overflow.
            int free = Integer.MAX_VALUE - Math.max(0, demand.availablePermits());
            demand.release((int) Math.min(count, free / 2));
        }

        @Override
        public void cancel() {
            cancelled = true;
            events.close();
            demand.release();
        }

        @Override
        public void run() {
            try (events) {
                while (true) {
                    demand.acquireUninterruptibly();
                    boolean more = events.hasNext();
                    if (cancelled) {
                        return;
                    }
                    if (wrongRequest <= 0) {
                        subscriber.onError(
                                new IllegalArgumentException(
                                        "request: " + wrongRequest + " (expected: more than 0)"));
                        return;
                    }
                    if (!more) {
                        subscriber.onComplete();
                        return;
                    }
                    subscriber.onNext(events.next());
                }
            }
        }
    }
}
