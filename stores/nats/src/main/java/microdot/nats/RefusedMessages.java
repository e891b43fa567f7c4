package microdot.nats;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Ends topics again whose end was followed by a message, and tells its publisher. */
final class RefusedMessages {
    private static final Executor THREADS =
            task -> Thread.ofVirtual().name("microdot-nats-end").start(task);

    private final NatsSettings settings;
    private final CurrentLink links;
    private final Appends appends;

    /** The last message of each topic that another node is to deal with first. */
    private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();

    private record Waiting(@Nullable Link over, TailBatch.Refused message) {}

    RefusedMessages(NatsSettings settings, CurrentLink links, Appends appends) {
        this.settings = settings;
        this.links = links;
        this.appends = appends;
    }

    /** The tail has the message. Asks the server on another thread. */
    void endAgain(TailBatch.Refused message) {
        Runnable failOwn = appends.refused(message.number());
        Link over = links.get();
        if (failOwn != null) {
            THREADS.execute(() -> endAgain(over, message, failOwn));
        } else if (waiting.put(message.topic(), new Waiting(over, message)) == null) {
            // If the node of the message has ended, another one does it: that must not be too soon.
            CompletableFuture.delayedExecutor(
                            2 * settings.timeout.toMillis(), TimeUnit.MILLISECONDS, THREADS)
                    .execute(() -> endAgain(message.topic()));
        }
    }

    private void endAgain(String topic) {
        Waiting last = waiting.remove(topic);
        if (last != null) {
            endAgain(last.over, last.message, null);
        }
    }

    private static void endAgain(
            @Nullable Link over, TailBatch.Refused message, @Nullable Runnable failOwn) {
        if (over != null) {
            over.stream.endAgain(over.subject(message.topic()), message.sequence());
        }
        if (failOwn != null) {
            failOwn.run();
        }
    }
}
