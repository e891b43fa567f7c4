package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/** Publishes what a reactive stream gives to a topic. */
final class TopicSubscriber implements Flow.Subscriber<Object> {
    private static final Logger LOG = System.getLogger("microdot.sse");

    private final String topic;
    private final Consumer<Object> publish;
    private volatile Flow.@Nullable Subscription source;

    /**
     * @param topic its name, for the log
     */
    TopicSubscriber(String topic, Consumer<Object> publish) {
        this.topic = topic;
        this.publish = publish;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        if (source != null) {
            subscription.cancel();
            return;
        }
        source = subscription;
        subscription.request(1); // One at a time: publishing takes some microseconds.
    }

    @Override
    public void onNext(Object item) {
        Flow.Subscription subscription = Objects.requireNonNull(source);
        try {
            publish.accept(item);
        } catch (RuntimeException e) {
            subscription.cancel();
            LOG.log(
                    Level.ERROR,
                    () ->
                            "an item for topic "
                                    + Quoted.whole(topic)
                                    + " could not be published; its publisher is cancelled",
                    e);
            return;
        }
        subscription.request(1);
    }

    @Override
    public void onError(Throwable failure) {
        LOG.log(
                Level.ERROR,
                () ->
                        "the publisher for topic "
                                + Quoted.whole(topic)
                                + " failed; the topic stays open",
                failure);
    }

    @Override
    public void onComplete() {}
}
