package microdot.sse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import microdot.JsonCodec;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.EventLog;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of a table: its rows at one position, in parts of about 64 KiB. The rows are
 * encoded already, so that no code of the application runs. One snapshot serves all followers that
 * wait for it, and is kept only while one of them holds it.
 */
final class TableSnapshots implements SnapshotSource {
    private static final int PART_BYTES = 64 << 10;
    private static final byte[] NAME = "event: snapshot\n".getBytes(US_ASCII);

    private final TopicOrder order;
    private final EventLog log;
    private final byte[] start;

    /**
     * Held while a snapshot is made. Nothing blocks under it, or a platform thread could wait for a
     * virtual thread that has no carrier.
     */
    private final ReentrantLock making = new ReentrantLock();

    /** The newest snapshot; its parts are shared while a follower has not put all of them. */
    private record Taken(WeakReference<List<EncodedEvent>> parts, long fence, long entry) {}

    private volatile @Nullable Taken taken;

    TableSnapshots(String name, TopicOrder order, EventLog log, JsonCodec json) {
        this.order = order;
        this.log = log;
        this.start =
                StreamClosingFrames.join("data: {\"table\":".getBytes(US_ASCII), json.encode(name));
    }

    @Override
    public boolean runsUserCode() {
        return false;
    }

    /** The rows of one moment. */
    private record Moment(List<Row> rows, long fence, long entry) {}

    @Override
    public Snapshot take(Waiter client, long after) {
        Snapshot known = order.locked(() -> known(after));
        if (known != null) {
            return known;
        }
        TopicOrder.enter(making);
        try {
            return make(after);
        } finally {
            making.unlock();
        }
    }

    private Snapshot make(long after) {
        var known = new @Nullable Snapshot[1];
        var rows = new @Nullable Moment[1];
        Runnable look =
                () -> {
                    known[0] = known(after);
                    rows[0] = known[0] == null ? now() : null;
                };
        while (!order.runIfFree(look)) {
            Thread.onSpinWait();
        }
        Moment moment = rows[0];
        if (moment == null) {
            return Objects.requireNonNull(known[0]);
        }
        var made = new Snapshot(parts(moment.rows()), moment.fence(), moment.entry(), 0);
        taken = new Taken(new WeakReference<>(made.events()), made.fence(), made.entry());
        return made;
    }

    /** Returns the last snapshot if it is current or late enough. Under the lock of the order. */
    private @Nullable Snapshot known(long after) {
        Taken last = taken;
        List<EncodedEvent> parts = last == null ? null : last.parts().get();
        if (last == null || parts == null) {
            return null;
        }
        if (last.entry() == log.next()) {
            return new Snapshot(parts, order.head(), last.entry(), 0);
        }
        TableRows rows = log.rows();
        boolean isLate = rows != null && last.fence() >= Math.max(after, rows.floor());
        return isLate ? new Snapshot(parts, last.fence(), last.entry(), 0) : null;
    }

    private Moment now() {
        TableRows rows = log.rows();
        // Null while the topic is being removed.
        return new Moment(rows == null ? List.of() : rows.all(), order.head(), log.next());
    }

    private List<EncodedEvent> parts(List<Row> rows) {
        var starts = new ArrayList<Integer>();
        starts.add(0);
        long size = 0;
        for (int i = 0; i < rows.size(); i++) {
            int length = rows.get(i).jsonLength();
            if (size > 0 && size + length > PART_BYTES) {
                starts.add(i);
                size = 0;
            }
            size += length + 1;
        }
        var parts = new ArrayList<EncodedEvent>();
        for (int part = 0; part < starts.size(); part++) {
            boolean last = part == starts.size() - 1;
            int end = last ? rows.size() : starts.get(part + 1);
            parts.add(part(part + 1, starts.size(), rows.subList(starts.get(part), end)));
        }
        return List.copyOf(parts);
    }

    /** Returns the snapshot of a table without rows. */
    EncodedEvent empty() {
        return part(1, 1, List.of());
    }

    private EncodedEvent part(int number, int of, List<Row> rows) {
        var out = new ByteArrayOutputStream(PART_BYTES / 8);
        out.writeBytes(start);
        out.writeBytes(
                (",\"part\":" + number + ",\"of\":" + of + ",\"rows\":{").getBytes(US_ASCII));
        String separator = "";
        for (Row row : rows) {
            out.writeBytes(separator.getBytes(US_ASCII));
            row.writeTo(out);
            separator = ",";
        }
        out.writeBytes("}}\n\n".getBytes(US_ASCII));
        return new EncodedEvent(NAME, out.toByteArray(), null);
    }
}
