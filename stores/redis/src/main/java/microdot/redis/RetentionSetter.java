package microdot.redis;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import microdot.sse.store.StoreRetention;

/** The retentions that the engine has not confirmed yet. */
final class RetentionSetter {
    private final Map<String, StoreRetention> all = new ConcurrentHashMap<>();
    private final Map<String, StoreRetention> due = new ConcurrentHashMap<>();
    private final LongSupplier skew;

    RetentionSetter(LongSupplier skew) {
        this.skew = skew;
    }

    void set(String topic, StoreRetention retention) {
        all.put(topic, retention);
        due.put(topic, retention);
    }

    /** The engine was emptied, or lost something: it gets all of them again. */
    void again() {
        due.putAll(all);
    }

    /** Sends what is due; what fails is sent again the next time. */
    void send(RedisLink link) {
        due.forEach(
                (topic, retention) -> {
                    due.remove(topic, retention);
                    link.start(
                                    link.reads,
                                    Script.RETAIN,
                                    Keys.utf8(topic),
                                    Keys.utf8(retention.events()),
                                    Keys.utf8(retention.bytes()),
                                    Keys.utf8(retention.time().toMillis()),
                                    Keys.utf8(retention.latestOfKeys() ? 1 : 0),
                                    Keys.utf8(skew.getAsLong()))
                            .whenComplete(
                                    (reply, error) -> {
                                        if (error != null) {
                                            due.putIfAbsent(topic, retention);
                                        }
                                    });
                });
    }
}
