package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import microdot.internal.BriefLock;
import microdot.internal.ProcessErrors;
import microdot.internal.Quoted;
import microdot.sse.log.PolledLock;
import microdot.sse.log.Retention;
import microdot.sse.store.EventStore;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import org.jspecify.annotations.Nullable;

/** Tells a store what it keeps of each topic. */
final class StoreRetentions {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** Changes of a table that are kept, so that a client that resumes gets those only. */
    private static final int TABLE_ENTRIES = 2048;

    private static final Duration TABLE_TIME = Duration.ofHours(1);

    private final EventStore store;

    // Held during the call of the store, so that the newest options of a topic come last.
    private final PolledLock telling = new PolledLock();

    private final BriefLock lock = new BriefLock();
    private final Queue<TopicState> unset = new ArrayDeque<>(0); // Guarded by the lock.
    private boolean running; // Guarded by the lock.

    StoreRetentions(EventStore store) {
        this.store = store;
    }

    /** As {@link #set}, on another thread. From event loops, too. */
    void setSoon(TopicState topic) {
        boolean start;
        lock.lock();
        try {
            unset.add(topic);
            start = !running;
            running = true;
        } finally {
            lock.unlock();
        }
        if (start) {
            Thread.ofVirtual().name("microdot-store").start(this::setAll);
        }
    }

    private void setAll() {
        for (TopicState topic = next(); topic != null; topic = next()) {
            try {
                set(topic);
            } catch (StoreException e) {
                LOG.log(Level.DEBUG, "what a store keeps of a topic was not set", e);
            } catch (RuntimeException | Error e) { // The other topics are still to be set.
                ProcessErrors.check(e);
                LOG.log(
                        Level.ERROR,
                        "the retention of topic "
                                + Quoted.whole(topic.name)
                                + " could not be set in the store; the store keeps what it kept"
                                + " before",
                        e);
            }
        }
    }

    private @Nullable TopicState next() {
        lock.lock();
        try {
            TopicState topic = unset.poll();
            running = topic != null;
            return topic;
        } finally {
            lock.unlock();
        }
    }

    /** Tells the store now, unless the topic is a table. Not on an event loop. */
    void set(TopicState topic) {
        telling.lock();
        try {
            if (topic.table() == null && !topic.becomesTable()) {
                Retention kept = topic.options().retention();
                store.retain(
                        topic.name,
                        new StoreRetention(
                                kept.events(),
                                kept.bytes(),
                                Duration.ofNanos(kept.nanos()),
                                kept.keyedBy() != null));
            }
        } finally {
            telling.unlock();
        }
    }

    /** Tells the store what it keeps of a table. */
    void set(String table, TableOptions options) {
        telling.lock();
        try {
            int entries = Math.clamp(2L * options.maxRows(), TABLE_ENTRIES, Integer.MAX_VALUE);
            long bytes = 2 * Math.min(options.maxBytes(), Long.MAX_VALUE / 2);
            store.retain(table, new StoreRetention(entries, bytes, TABLE_TIME, true));
        } finally {
            telling.unlock();
        }
    }
}
