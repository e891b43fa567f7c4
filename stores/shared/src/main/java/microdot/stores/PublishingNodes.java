package microdot.stores;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import microdot.sse.Event;
import microdot.sse.Subscription;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import microdot.sse.store.EventStore;

/** Nodes of one engine, each with two publishers and a follower of one topic. */
public final class PublishingNodes implements AutoCloseable {
    private static final String TOPIC = "a";
    private static final String END = "end";

    private final List<Topics> nodes = new ArrayList<>();
    private final List<CompletableFuture<List<Event>>> followers = new ArrayList<>();
    private final PublishedTexts published = new PublishedTexts();

    /**
     * Opens the stores, and begins to publish.
     *
     * @param timeout how long a publisher waits
     */
    public PublishingNodes(Duration timeout, List<? extends EventStore> stores) {
        // No follower falls behind what is kept, however busy the machine is.
        TopicOptions all = new TopicOptions().keepEvents(1_000_000).keepBytes(64 << 20);
        for (EventStore store : stores) {
            Topics node = new Topics(store).publishTimeout(timeout);
            node.topic(TOPIC, all);
            nodes.add(node);
        }
        nodes.forEach(node -> followers.add(follow(node)));
        for (Topics node : nodes) {
            published.start(node, TOPIC);
            published.start(node, TOPIC);
        }
    }

    /** What was published so far. */
    public PublishedTexts published() {
        return published;
    }

    private static CompletableFuture<List<Event>> follow(Topics topics) {
        var got = new CompletableFuture<List<Event>>();
        Subscription following = topics.follow(TOPIC);
        Thread.ofVirtual()
                .start(
                        () -> {
                            var events = new ArrayList<Event>();
                            try (following) {
                                Event next = following.next();
                                while (!END.equals(next.data())) {
                                    events.add(next);
                                    next = following.next();
                                }
                                got.complete(events);
                            } catch (RuntimeException e) {
                                got.completeExceptionally(e);
                            }
                        });
        return got;
    }

    /** Ends the publishers, and checks what each follower got. */
    public void finish() throws Exception {
        published.stop();
        nodes.getFirst().publish(TOPIC, Event.of(END));
        for (CompletableFuture<List<Event>> each : followers) {
            published.check(each.get(60, TimeUnit.SECONDS));
        }
    }

    @Override
    public void close() throws InterruptedException {
        published.stop();
        nodes.forEach(Topics::close);
    }
}
