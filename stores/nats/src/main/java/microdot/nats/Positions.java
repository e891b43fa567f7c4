package microdot.nats;

import java.util.ArrayList;
import java.util.List;
import microdot.sse.store.StoreEpoch;
import org.jspecify.annotations.Nullable;

/**
 * Which position each sequence of a stream has. In every epoch positions rise with the sequences;
 * the message that begins an epoch has the position before its first.
 *
 * @param incarnation what tells the stream from one of the same name that was made later
 * @param spans oldest first; at least one
 */
record Positions(String incarnation, List<Span> spans) {
    /**
     * An epoch.
     *
     * @param marker the sequence of the message that begins it
     */
    record Span(StoreEpoch epoch, long marker) {
        long position(long sequence) {
            return epoch.first() - 1 + (sequence - marker);
        }
    }

    /** Copies the list. */
    Positions {
        spans = List.copyOf(spans);
    }

    /** Returns the position of a sequence; 0 before the first entry. */
    long position(long sequence) {
        if (sequence <= spans.getFirst().marker()) {
            return 0;
        }
        return spanOf(sequence).position(sequence);
    }

    private Span spanOf(long sequence) {
        Span found = spans.getFirst();
        for (Span span : spans) {
            if (span.marker() <= sequence) {
                found = span;
            }
        }
        return found;
    }

    /** Returns the last sequence whose position is at most the given one; 0 for none. */
    long sequence(long position) {
        long limit = Long.MAX_VALUE;
        for (Span span : spans.reversed()) {
            if (position >= span.epoch().first()) {
                long after = position - span.epoch().first() + 1;
                return after > limit - span.marker() ? limit : span.marker() + after;
            }
            limit = span.marker();
        }
        return 0;
    }

    /** Returns the sequence of exactly this position; null when there is none. */
    @Nullable Long exactSequence(long position) {
        if (position == 0) {
            return 0L;
        }
        long sequence = sequence(position);
        return sequence > 0 && position(sequence) == position ? sequence : null;
    }

    /** Returns the epochs, oldest first. */
    List<StoreEpoch> epochs() {
        return spans.stream().map(Span::epoch).toList();
    }

    /** Returns these and one more, if it is newer. */
    Positions with(Span span) {
        if (span.marker() <= spans.getLast().marker()
                || span.epoch().first() <= spans.getLast().epoch().first()) {
            return this;
        }
        var all = new ArrayList<>(spans);
        all.add(span);
        return new Positions(incarnation, all);
    }
}
