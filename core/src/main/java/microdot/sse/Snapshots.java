package microdot.sse;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A topic's state, taken when somebody needs it and again only when something was published since.
 */
final class Snapshots {
    private final EventLog log;
    private final Supplier<Object> supplier;
    private @Nullable EncodedEvent taken;
    private long fence;

    /** A state, and the position up to which all events are in it. */
    record Snapshot(EncodedEvent event, long fence) {}

    Snapshots(EventLog log, Supplier<Object> supplier) {
        this.log = log;
        this.supplier = supplier;
    }

    /**
     * On a thread that may block: one at a time, and none while state is changed and its event
     * published.
     */
    Snapshot take(Topics topics) {
        log.state.lock();
        try {
            // The position is read first: what is published meanwhile comes again, and nothing is
            // lost.
            long head = topics.quietUpTo(log, fence);
            EncodedEvent event = taken;
            if (event == null || head < 0) {
                head = topics.head();
                event = encode(supplier.get(), topics);
                taken = event;
            }
            fence = head;
            return new Snapshot(event, head);
        } finally {
            log.state.unlock();
        }
    }

    private static EncodedEvent encode(Object state, Topics topics) {
        Event event = state instanceof Event own ? own : Event.of(state).event("snapshot");
        return EncodedEvent.of(event.id(null), topics.json());
    }
}
