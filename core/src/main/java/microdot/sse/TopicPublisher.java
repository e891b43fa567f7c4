package microdot.sse;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import microdot.CloseReason;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * The events of topics as a reactive stream. Each subscriber has a virtual thread, which waits for
 * an event or the end, and then for demand.
 *
 * @param follow begins to follow
 */
record TopicPublisher(Supplier<Subscription> follow) implements Flow.Publisher<Event> {
    @Override
    public void subscribe(Flow.Subscriber<? super Event> subscriber) {
        Required.notNull(subscriber, "subscriber", "a subscriber");
        var delivery = new Delivery(subscriber, follow.get());
        boolean begun = false;
        try {
            subscriber.onSubscribe(delivery);
            delivery.thread.start();
            begun = true;
        } finally {
            if (!begun) { // Nobody else would ever end it.
                delivery.cancel();
            }
        }
    }

    private static final class Delivery implements Flow.Subscription {
        private final Flow.Subscriber<? super Event> subscriber;
        private final Subscription events;
        private final AtomicLong demand = new AtomicLong();
        private final Thread thread =
                Thread.ofVirtual().name("microdot-publisher").unstarted(this::run);
        private volatile @Nullable IllegalArgumentException wrong;
        private volatile boolean cancelled;

        Delivery(Flow.Subscriber<? super Event> subscriber, Subscription events) {
            this.subscriber = subscriber;
            this.events = events;
        }

        @Override
        public void request(long count) {
            if (count <= 0) {
                wrong =
                        new IllegalArgumentException(
                                "request: " + count + " (expected: 1 or more)");
                events.close();
            } else {
                // The largest number stands for no bound.
                demand.accumulateAndGet(
                        count, (one, more) -> one + more < 0 ? Long.MAX_VALUE : one + more);
            }
            LockSupport.unpark(thread);
        }

        @Override
        public void cancel() {
            cancelled = true;
            events.close();
            LockSupport.unpark(thread);
        }

        private void run() {
            try (events) {
                while (events.hasNext() && awaitDemand()) {
                    demand.updateAndGet(left -> left == Long.MAX_VALUE ? left : left - 1);
                    subscriber.onNext(events.next());
                }
                end();
            }
        }

        private boolean awaitDemand() {
            while (demand.get() == 0 && !isOver()) {
                LockSupport.park(this);
            }
            return !isOver();
        }

        private boolean isOver() {
            return cancelled || wrong != null;
        }

        private void end() {
            Throwable failure = wrong;
            CloseReason reason = events.closeReason();
            if (cancelled) {
                return;
            }
            if (failure != null) {
                subscriber.onError(failure);
            } else if (reason == CloseReason.TOPIC_CLOSED) {
                subscriber.onComplete();
            } else {
                subscriber.onError(
                        new IllegalStateException(
                                "the subscription ended: "
                                        + reason
                                        + " (expected: the end of its topics)"));
            }
        }
    }
}
