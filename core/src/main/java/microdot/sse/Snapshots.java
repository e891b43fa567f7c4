package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import microdot.JsonCodec;
import microdot.internal.Quoted;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.EventLog;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * A topic's snapshot, taken when a follower needs it and taken again only when something was
 * published or changed since.
 *
 * <p>It is exact without a lock. The supplier runs beside the changes of the topic; its result is
 * valid if no change ran meanwhile, and otherwise discarded. Where changes come so fast that this
 * never succeeds, a publisher runs the supplier between two changes.
 */
final class Snapshots implements SnapshotSource {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** The calls that were interrupted and have not returned, each of which holds a thread. */
    static final int MOST_STUCK = 8;

    private final TopicOrder order;
    private final EventLog log;
    private final Changes changes;
    private final Supplier<Object> supplier;
    private final JsonCodec json;
    private final String topic;
    private final long timeout;

    private final AtomicInteger stuck = new AtomicInteger();

    // Under the monitor, which is held for moments.
    private @Nullable Snapshot taken;
    private @Nullable SnapshotRun run;
    private boolean reported; // That too many calls are stuck; until one has returned.

    /**
     * @param timeout how long the supplier may take, in nanoseconds
     */
    Snapshots(
            TopicOrder order,
            EventLog log,
            Changes changes,
            Supplier<Object> supplier,
            long timeout,
            String topic,
            JsonCodec json) {
        this.order = order;
        this.log = log;
        this.changes = changes;
        this.supplier = supplier;
        this.timeout = timeout;
        this.topic = topic;
        this.json = json;
    }

    private record Moment(long head, long entry) {}

    @Override
    public Snapshot take(Waiter client, long after) {
        // The number of changes is read first: what changes after that has its event after it.
        long started = changes.started();
        long entry = now().entry();
        while (true) {
            var waiter = new SnapshotTicket();
            SnapshotRun joined;
            boolean first = false;
            synchronized (this) {
                Snapshot known = taken;
                // A result from before the client came would take it back.
                if (known != null && known.entry() >= entry && known.started() >= started) {
                    return current(known);
                }
                joined = join(waiter);
                if (joined == null) {
                    first = !reported;
                    reported = true;
                }
            }
            if (joined == null) {
                throw refused(first);
            }
            await(joined, waiter, client);
        }
    }

    /** Without the monitor: a log may block. */
    private SnapshotTicket.Failed refused(boolean first) {
        if (first) {
            LOG.log(
                    Level.ERROR,
                    "calls of the snapshot of topic "
                            + Quoted.whole(topic)
                            + " ignore their interrupt; clients are disconnected until one has"
                            + " returned");
        }
        return new SnapshotTicket.Failed(new IllegalStateException("too many calls are stuck"));
    }

    /** Returns null when too many calls are stuck. Under the monitor. */
    private @Nullable SnapshotRun join(SnapshotTicket waiter) {
        SnapshotRun current = run;
        if (current != null && current.join(waiter)) {
            return current;
        }
        if (stuck.get() >= MOST_STUCK) {
            return null;
        }
        reported = false;
        var next = new SnapshotRun(topic, changes, this::attempt, this::keep, timeout, stuck);
        next.join(waiter);
        next.start();
        run = next;
        return next;
    }

    private static void await(SnapshotRun run, SnapshotTicket waiter, Waiter client) {
        client.stopWith(() -> run.leave(waiter));
        try {
            waiter.await();
        } finally {
            client.stopWith(null);
        }
    }

    @Override
    public boolean runsUserCode() {
        return true;
    }

    /** Returns how many clients wait for the snapshot that is being taken. */
    synchronized int waiting() {
        return run == null ? 0 : run.waiting();
    }

    private synchronized void keep(Snapshot snapshot) {
        taken = snapshot;
    }

    /** The snapshot of a quiet topic is current at the head, however busy the others are. */
    private Snapshot current(Snapshot known) {
        Moment now = now();
        return now.entry() == known.entry()
                ? new Snapshot(known.first(), null, now.head(), known.entry(), known.started())
                : known;
    }

    private Moment now() {
        return order.locked(
                () -> {
                    long head = order.head();
                    return new Moment(head, log.firstAfter(head));
                });
    }

    /** Runs code of the application, perhaps beside a change. */
    private Snapshot attempt(long started) {
        // The position is read first: what is published meanwhile is delivered again, and
        // nothing is lost.
        Moment now = now();
        EncodedEvent event = Changes.inSnapshot(() -> encode(supplier.get()));
        return new Snapshot(event, null, now.head(), now.entry(), started);
    }

    private EncodedEvent encode(Object state) {
        Event event = state instanceof Event own ? own : Event.of(state).event("snapshot");
        TopicRules.checkSnapshot(event.id(null));
        return EventEncoder.encodeWithoutId(event.id(null), json);
    }
}
