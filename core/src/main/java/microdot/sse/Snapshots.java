package microdot.sse;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import microdot.JsonCodec;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.EventLog;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * A topic's snapshot, taken when a follower needs it and taken again only when something was
 * published since.
 */
final class Snapshots {
    private final TopicOrder order;
    private final EventLog log;
    private final ReentrantLock changes;
    private final Supplier<Object> supplier;
    private final JsonCodec json;
    private @Nullable Snapshot taken;

    /**
     * A snapshot.
     *
     * @param fence the position up to which all events are in it
     * @param entry the number of the first entry of its topic that is not in it
     */
    record Snapshot(EncodedEvent event, long fence, long entry) {}

    /**
     * @param changes held while state is changed and the event of the change published
     */
    Snapshots(
            TopicOrder order,
            EventLog log,
            ReentrantLock changes,
            Supplier<Object> supplier,
            JsonCodec json) {
        this.order = order;
        this.log = log;
        this.changes = changes;
        this.supplier = supplier;
        this.json = json;
    }

    /**
     * Takes a snapshot. On a thread that may block: one at a time, and none while state is changed
     * and its event published.
     */
    Snapshot take() {
        changes.lock();
        try {
            // The position is read first: what is published meanwhile is delivered again, and
            // nothing is lost.
            long fence = order.head();
            long entry = log.firstAfter(fence);
            Snapshot known = taken;
            EncodedEvent event =
                    known != null && known.entry() == entry
                            ? known.event()
                            : encode(supplier.get());
            // The snapshot of a quiet topic is current at the fence, however busy the others are.
            var snapshot = new Snapshot(event, fence, entry);
            taken = snapshot;
            return snapshot;
        } finally {
            changes.unlock();
        }
    }

    private EncodedEvent encode(Object state) {
        Event event = state instanceof Event own ? own : Event.of(state).event("snapshot");
        TopicRules.checkSnapshot(event.id(null));
        return EventEncoder.encodeWithoutId(event.id(null), json);
    }
}
