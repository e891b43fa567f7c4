package microdot.sse;

import java.util.function.Supplier;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;

/**
 * A topic's state, taken when somebody needs it and again only when something was published since.
 */
final class Snapshots {
    private final EventLog log;
    private final Supplier<Object> supplier;
    private final JsonCodec json;
    private @Nullable Snapshot taken;

    /**
     * A state; the position up to which all events are in it, and the number of the first entry of
     * its topic that is not.
     */
    record Snapshot(EncodedEvent event, long fence, long entry) {}

    Snapshots(EventLog log, Supplier<Object> supplier, JsonCodec json) {
        this.log = log;
        this.supplier = supplier;
        this.json = json;
    }

    /**
     * On a thread that may block: one at a time, and none while state is changed and its event
     * published.
     */
    Snapshot take(Logs logs) {
        log.state.lock();
        try {
            // The place is read first: what is published meanwhile comes again, and nothing is
            // lost.
            Logs.Place now = logs.place(log);
            Snapshot known = taken;
            EncodedEvent event =
                    known != null && known.entry() == now.entry()
                            ? known.event()
                            : encode(supplier.get());
            // Of a quiet topic it is the state of now, however busy the others are.
            var state = new Snapshot(event, now.head(), now.entry());
            taken = state;
            return state;
        } finally {
            log.state.unlock();
        }
    }

    private EncodedEvent encode(Object state) {
        Event event = state instanceof Event own ? own : Event.of(state).event("snapshot");
        Topics.checkPublishable(event.id(null));
        return EncodedEvent.of(event.id(null), json);
    }
}
