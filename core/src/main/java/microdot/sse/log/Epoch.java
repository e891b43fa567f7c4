package microdot.sse.log;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import microdot.sse.store.StoreEpoch;
import org.jspecify.annotations.Nullable;

/**
 * The ids of the positions of an order. Each begins with the name of an epoch: a time in which no
 * position was lost. Topics in memory have one epoch, from their start to the end of the process; a
 * store may have more. Thread-safe.
 */
public final class Epoch {
    private final String part;

    /** The epochs, the newest first; replaced when one begins. */
    private volatile Span[] spans;

    /**
     * One epoch.
     *
     * @param start how its id lines begin
     * @param first the first position that is named by it
     * @param begin its first position
     * @param previousEnd the position up to which it has everything of the epochs before
     * @param end the last position that is still valid
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Span(
            String name, byte[] start, long first, long begin, long previousEnd, long end) {
        static Span of(String name, long first, long begin, long previousEnd, long end) {
            byte[] start = ("id: " + name + "-").getBytes(StandardCharsets.US_ASCII);
            return new Span(name, start, first, begin, previousEnd, end);
        }

        static Span of(StoreEpoch epoch, boolean oldest, long end) {
            // The position before the first one is that up to which clients are sent a gap.
            long first = Math.max(epoch.previousEnd() + 1, epoch.first() - 1);
            return of(epoch.name(), oldest ? 0 : first, epoch.first(), epoch.previousEnd(), end);
        }
    }

    Epoch() {
        this("", Span.of(StoreEpoch.newName(), 0, 0, 0, Long.MAX_VALUE));
    }

    private Epoch(String part, Span... spans) {
        this.part = part;
        this.spans = spans;
    }

    /**
     * The ids of a store.
     *
     * @param epochs oldest first; at least one
     */
    public static Epoch of(List<StoreEpoch> epochs) {
        var spans = new Span[epochs.size()];
        long end = Long.MAX_VALUE;
        for (int i = 0; i < spans.length; i++) {
            StoreEpoch epoch = epochs.get(spans.length - 1 - i);
            spans[i] = Span.of(epoch, i == spans.length - 1, end);
            end = Math.min(end, epoch.previousEnd());
        }
        return new Epoch("", spans);
    }

    /** Begins a further epoch. Under the lock of the order. */
    public void begins(StoreEpoch epoch) {
        Span[] old = spans;
        var more = new Span[old.length + 1];
        more[0] = Span.of(epoch, false, Long.MAX_VALUE);
        for (int i = 0; i < old.length; i++) {
            Span span = old[i];
            long end = Math.min(span.end(), epoch.previousEnd());
            more[i + 1] = Span.of(span.name(), span.first(), span.begin(), span.previousEnd(), end);
        }
        spans = more;
    }

    /**
     * Returns the newest epoch with other ids, {@code epoch.part-position}: for a topic that only a
     * client that knows the part may read.
     *
     * @param part letters and digits
     */
    public Epoch with(String part) {
        return new Epoch(part, Span.of(spans[0].name() + "." + part, 0, 0, 0, Long.MAX_VALUE));
    }

    /** Returns the name of the newest epoch, with which its ids begin. */
    public String name() {
        return spans[0].name();
    }

    /** Returns whether the id was given in one of these epochs, and what it stands for is kept. */
    public boolean isOf(EventId id) {
        Span span = find(id.epoch());
        return span != null && id.position() <= span.end();
    }

    /** Returns whether the id was given in one of these epochs. */
    public boolean isKnown(EventId id) {
        return find(id.epoch()) != null;
    }

    /**
     * Returns the position up to which an id of an epoch that has ended is right, when the id is
     * beyond it: what the client got after it is lost. -1 for every other id.
     */
    public long lostAfter(EventId id) {
        Span span = find(id.epoch());
        return span == null || id.position() <= span.end() ? -1 : span.end();
    }

    /**
     * Returns the position up to which a client lacks what a store has lost, if the client has
     * everything up to the given position; 0 if it lacks nothing of that.
     */
    public long lossAt(long position) {
        Span[] all = spans;
        for (int i = all.length - 2; i >= 0; i--) {
            if (position > all[i].previousEnd() && position < all[i].begin() - 1) {
                return lostUpTo(all, i);
            }
        }
        return 0;
    }

    /** Returns the first position of the newest epoch: every later loss begins one above it. */
    public long begin() {
        return spans[0].begin();
    }

    /**
     * Returns the position up to which a stream may be sent events before a gap: the first end of
     * an epoch, from a position on, of which the stream has to learn. {@link Long#MAX_VALUE} when
     * there is none.
     *
     * @param since {@link #begin} when the stream was opened: what was lost before is no gap of it
     */
    public long endAfter(long position, long since) {
        long end = Long.MAX_VALUE;
        for (Span span : spans) {
            if (span.begin() > since && span.previousEnd() >= position) {
                end = Math.min(end, span.previousEnd());
            }
        }
        return end;
    }

    /** Returns the position up to which a stream lacks what was lost after the end of an epoch. */
    public long lostUpTo(long end) {
        Span[] all = spans;
        for (int i = all.length - 2; i > 0; i--) {
            if (all[i].previousEnd() == end) {
                return lostUpTo(all, i);
            }
        }
        return all[0].begin() - 1;
    }

    /**
     * Returns the position up to which a client lacks what came after {@link #lostAfter}: that
     * before the first one of the next epoch of which something is kept.
     */
    public long lostUpTo(EventId id) {
        Span[] all = spans;
        int later = all.length - 1;
        while (later > 0 && !all[later].name().equals(id.epoch())) {
            later--;
        }
        return lostUpTo(all, Math.max(0, later - 1));
    }

    /** Goes on with the next epoch as long as nothing of the one before is kept. */
    private static long lostUpTo(Span[] all, int epoch) {
        long position = all[epoch].begin() - 1;
        for (int i = epoch - 1; i >= 0; i--) {
            if (all[i].previousEnd() <= position) {
                position = all[i].begin() - 1;
            }
        }
        return position;
    }

    /** Returns the position before the first one of all: nothing was ever kept up to it. */
    public long beforeAll() {
        Span[] all = spans;
        return Math.max(0, all[all.length - 1].begin() - 1);
    }

    private @Nullable Span find(String name) {
        for (Span span : spans) {
            if (span.name().equals(name)) {
                return span;
            }
        }
        return null;
    }

    /** Returns the epoch that names a position. */
    private Span at(long position) {
        Span[] all = spans;
        for (Span span : all) {
            if (position >= span.first()) {
                return span;
            }
        }
        return all[all.length - 1];
    }

    /** Returns the id of a position. */
    public String id(long position) {
        return at(position).name() + "-" + position;
    }

    /** Returns the {@code id} field with this position, with the end of its line. */
    public byte[] idLine(long position) {
        return idLine(at(position), Long.toString(position));
    }

    /** Returns the {@code id} field for a client whose snapshots are of a later position. */
    public byte[] idLineBeforeSnapshots(long position) {
        return idLine(at(position), position + "s");
    }

    private static byte[] idLine(Span span, String end) {
        byte[] start = span.start();
        byte[] digits = end.getBytes(StandardCharsets.US_ASCII);
        byte[] line = Arrays.copyOf(start, start.length + digits.length + 1);
        System.arraycopy(digits, 0, line, start.length, digits.length);
        line[line.length - 1] = '\n';
        return line;
    }

    @Override
    public String toString() {
        return part.isEmpty() ? name() : "a run of " + spans[0].name();
    }
}
