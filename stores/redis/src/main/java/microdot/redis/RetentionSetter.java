package microdot.redis;

import io.lettuce.core.RedisCommandExecutionException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import microdot.sse.store.StoreRetention;

/** The retentions that the engine has not confirmed yet. */
final class RetentionSetter {
    private static final Logger LOG = System.getLogger("microdot.redis");
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What Redis has not confirmed; the newest of each topic. */
    private final Map<String, StoreRetention> due = new ConcurrentHashMap<>();

    /** Topics of which one is on its way: a newer one is sent after it. */
    private final Set<String> sending = ConcurrentHashMap.newKeySet();

    private final LongSupplier skew;
    private volatile long failedAt; // From System.nanoTime; 0 if nothing has failed.
    private volatile boolean reported;

    RetentionSetter(LongSupplier skew) {
        this.skew = skew;
    }

    void set(String topic, StoreRetention retention) {
        due.put(topic, retention);
    }

    /** Sends what is due; what fails is sent again after a second. */
    void send(RedisLink link) {
        long failed = failedAt;
        if (failed != 0 && System.nanoTime() - failed < PAUSE_NANOS) {
            return;
        }
        failedAt = 0;
        due.forEach(
                (topic, retention) -> {
                    if (sending.add(topic)) {
                        send(link, topic, retention);
                    }
                });
    }

    private void send(RedisLink link, String topic, StoreRetention retention) {
        CompletableFuture<List<Object>> reply;
        try {
            reply =
                    link.start(
                            link.reads,
                            Script.RETAIN,
                            Keys.utf8(topic),
                            Keys.utf8(retention.events()),
                            Keys.utf8(retention.bytes()),
                            Keys.utf8(retention.time().toMillis()),
                            Keys.utf8(retention.latestOfKeys() ? 1 : 0),
                            Keys.utf8(skew.getAsLong()));
        } catch (RuntimeException | Error e) {
            sending.remove(topic); // It was not sent.
            throw e;
        }
        reply.whenComplete(
                (confirmed, error) -> {
                    sending.remove(topic);
                    if (error == null) {
                        reported = false;
                        due.remove(topic, retention);
                    } else {
                        failed(error);
                    }
                });
    }

    private void failed(Throwable error) {
        Throwable cause = error instanceof CompletionException ? error.getCause() : error;
        if (!(cause instanceof RedisCommandExecutionException)) {
            return; // The connection has ended: the next one tries it at once.
        }
        failedAt = System.nanoTime() | 1;
        if (!reported) {
            reported = true;
            LOG.log(
                    Level.WARNING,
                    "Redis refused to set what a topic keeps; it is tried again each second: "
                            + cause.getMessage());
        }
    }
}
