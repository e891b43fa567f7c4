package microdot.sse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.LongStream;
import microdot.JsonCodec;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.EventLog;
import microdot.sse.log.PolledLock;
import microdot.sse.log.Row;
import microdot.sse.log.TableRows;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of a table: its rows in parts of about 64 KiB. The rows are encoded already, so
 * that no code of the application runs.
 *
 * <p>A snapshot only says which positions each part covers, up to its fence. A part is made when a
 * follower has room for it, of the rows that are still at those positions. A row that was changed
 * or removed since the fence is not in it: the follower gets that change after the fence. So a
 * follower that does not read holds no part, and a part may be made at any time, and be shared.
 */
final class TableSnapshots implements SnapshotSource {
    private static final int PART_BYTES = 64 << 10;
    private static final byte[] NAME = "event: snapshot\n".getBytes(US_ASCII);

    private final TopicOrder order;
    private final EventLog log;
    private final byte[] start;
    private final Runnable checkLoaded;

    /**
     * Held while a snapshot is planned. Nothing blocks under it, or a platform thread could wait
     * for a virtual thread that has no carrier.
     */
    private final PolledLock making = new PolledLock();

    private volatile @Nullable Plan newest;

    /**
     * @param checkLoaded throws while the rows of the table are read
     */
    TableSnapshots(
            String name, TopicOrder order, EventLog log, JsonCodec json, Runnable checkLoaded) {
        this.order = order;
        this.log = log;
        this.checkLoaded = checkLoaded;
        this.start =
                StreamClosingFrames.join("data: {\"table\":".getBytes(US_ASCII), json.encode(name));
    }

    @Override
    public boolean runsUserCode() {
        return false;
    }

    /** A plan, and the position up to which nothing has changed since its fence. */
    private record Known(Plan plan, long fence) {}

    /** The rows of one moment. */
    private record Moment(List<Row> rows, long fence, long entry) {}

    @Override
    public Snapshot take(Waiter client, long after) {
        Known known = order.locked(() -> known(after));
        if (known == null) {
            making.lock();
            try {
                known = plan(after);
            } finally {
                making.unlock();
            }
        }
        Plan plan = known.plan();
        return new Snapshot(plan.part(0), plan.after(0), known.fence(), plan.entry, 0);
    }

    private Known plan(long after) {
        var known = new @Nullable Known[1];
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
        var made = new Plan(moment);
        newest = made;
        return new Known(made, made.fence);
    }

    /** Returns the last plan if it is current or late enough. Under the lock of the order. */
    private @Nullable Known known(long after) {
        checkLoaded.run(); // Here: a loss of the store may just have removed all rows.
        Plan last = newest;
        if (last == null) {
            return null;
        }
        if (last.entry == log.next()) {
            return new Known(last, fence());
        }
        TableRows rows = log.rows();
        // Without the changes since its fence, a follower would lag behind it at once.
        boolean isKept = last.entry >= log.keptFrom();
        boolean isLate = rows != null && last.fence >= Math.max(after, rows.floor());
        return isKept && isLate ? new Known(last, last.fence) : null;
    }

    private Moment now() {
        TableRows rows = log.rows();
        // Null while the topic is being removed.
        return new Moment(rows == null ? List.of() : rows.all(), fence(), log.next());
    }

    /** A store may have given rows that the head does not cover yet. */
    private long fence() {
        return Math.max(order.head(), log.last());
    }

    /** Which positions each part covers. Thread-safe. */
    private final class Plan {
        private final long fence;
        private final long entry;

        /** The last position of each part. */
        private final long[] ends;

        /** The parts that were made, as long as a connection holds them. */
        private final AtomicReferenceArray<@Nullable WeakReference<EncodedEvent>> made;

        Plan(Moment moment) {
            fence = moment.fence();
            entry = moment.entry();
            ends = ends(moment.rows());
            made = new AtomicReferenceArray<>(ends.length);
        }

        EncodedEvent part(int index) {
            WeakReference<EncodedEvent> known = made.get(index);
            EncodedEvent part = known == null ? null : known.get();
            if (part == null) {
                long from = index == 0 ? 0 : ends[index - 1];
                List<Row> rows = order.locked(() -> rows(from, ends[index]));
                part = encoded(index + 1, ends.length, rows);
                made.set(index, new WeakReference<>(part));
            }
            return part;
        }

        @Nullable LaterParts after(int index) {
            return index + 1 < ends.length ? new Later(this, index + 1) : null;
        }
    }

    private List<Row> rows(long position, long until) {
        TableRows rows = log.rows();
        return rows == null ? List.of() : rows.putBetween(position, until);
    }

    private record Later(Plan plan, int from) implements LaterParts {
        @Override
        public int count() {
            return plan.ends.length - from;
        }

        @Override
        public EncodedEvent first() {
            return plan.part(from);
        }

        @Override
        public @Nullable LaterParts afterFirst() {
            return plan.after(from);
        }
    }

    /** Returns the position of the last row of each part; of one part without rows, 0. */
    private static long[] ends(List<Row> rows) {
        var ends = LongStream.builder();
        long last = 0;
        long size = 0;
        for (Row row : rows) {
            int length = row.jsonLength();
            if (size > 0 && size + length > PART_BYTES) {
                ends.add(last);
                size = 0;
            }
            size += length + 1;
            last = row.position();
        }
        return ends.add(last).build().toArray();
    }

    /** Returns the snapshot of a table without rows. */
    EncodedEvent empty() {
        return encoded(1, 1, List.of());
    }

    private EncodedEvent encoded(int number, int of, List<Row> rows) {
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
