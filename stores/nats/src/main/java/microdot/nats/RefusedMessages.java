package microdot.nats;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Ends topics again whose end was followed by a message, and tells its publisher. */
final class RefusedMessages {
    private final NatsSettings settings;
    private final CurrentLink links;
    private final Appends appends;

    RefusedMessages(NatsSettings settings, CurrentLink links, Appends appends) {
        this.settings = settings;
        this.links = links;
        this.appends = appends;
    }

    /** The tail has the message. Asks the server on another thread. */
    void endAgain(TailBatch.Refused message) {
        Runnable failOwn = appends.refused(message.number());
        Link over = links.get();
        // If the node of the message has ended, another one does it: that must not be too soon.
        Duration wait = failOwn == null ? settings.timeout.multipliedBy(2) : Duration.ZERO;
        CompletableFuture.delayedExecutor(
                        wait.toMillis(),
                        TimeUnit.MILLISECONDS,
                        task -> Thread.ofVirtual().name("microdot-nats-end").start(task))
                .execute(() -> endAgain(over, message, failOwn));
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
