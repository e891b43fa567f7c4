package dashboard;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import microdot.JsonCodec;
import microdot.sse.Event;
import org.jspecify.annotations.Nullable;

/**
 * The last events, numbered. Every page reads at its own pace from the same ring, so a page that
 * drops and comes back continues where it was.
 *
 * <p>An id is {@code <epoch>-<number>}. The epoch names this run of the server: numbers start again
 * with each run, and without it an id of an earlier run would be taken for a place in this one.
 */
final class History {
    private final String epoch;
    private final int keep;
    private final InstantSource clock;
    private final ArrayDeque<Kept> kept = new ArrayDeque<>();
    private long head;

    History(int keep) {
        this(Long.toString(System.currentTimeMillis(), 36), keep, InstantSource.system());
    }

    History(String epoch, int keep, InstantSource clock) {
        this.epoch = epoch;
        this.keep = keep;
        this.clock = clock;
    }

    /**
     * Where a page starts to read, what it has to be told first, and how many kept events lie
     * before it.
     */
    record Start(long position, @Nullable Gap gap, int replay) {}

    /**
     * The events after a position, and the position after them; with a gap when some fell off
     * before they were read.
     */
    record Batch(@Nullable Gap gap, List<Event> events, long position) {}

    private record Kept(long number, Instant at, Event event) {}

    /**
     * Keeps the data under a name and wakes everyone who waits. Encoded here, once for all pages.
     */
    Event publish(String name, Object data) {
        byte[] json = JsonCodec.standard().encode(data);
        synchronized (this) {
            head++;
            Event event = Event.of(json).event(name).id(id(head));
            kept.addLast(new Kept(head, clock.instant(), event));
            if (kept.size() > keep) {
                kept.removeFirst();
            }
            notifyAll();
            return event;
        }
    }

    /**
     * The place for a page with this last id; without one, as far back as {@code recent} reaches.
     */
    synchronized Start start(@Nullable String lastId, Duration recent) {
        if (lastId == null) {
            return at(before(clock.instant().minus(recent)), null);
        }
        int dash = lastId.lastIndexOf('-');
        Long number = dash < 0 ? null : number(lastId.substring(dash + 1));
        if (number == null) {
            return at(floor(), new Gap(lastId, id(floor()), null, "invalid"));
        }
        if (!lastId.substring(0, dash).equals(epoch)) {
            return at(floor(), new Gap(lastId, id(floor()), null, "restarted"));
        }
        if (number > head) {
            return at(head, new Gap(lastId, id(head), null, "invalid"));
        }
        return at(Math.max(number, floor()), expired(number));
    }

    /** Waits until there is something after the position, and returns all of it. */
    synchronized Batch after(long position) throws InterruptedException {
        while (head <= position) {
            wait();
        }
        List<Event> events = new ArrayList<>();
        for (Kept entry : kept) {
            if (entry.number > position) {
                events.add(entry.event);
            }
        }
        return new Batch(expired(position), events, head);
    }

    private Start at(long position, @Nullable Gap gap) {
        return new Start(position, gap, (int) (head - position));
    }

    private @Nullable Gap expired(long position) {
        return position >= floor()
                ? null
                : new Gap(id(position), id(floor()), floor() - position, "expired");
    }

    /** The newest position from which nothing is missing. */
    private long floor() {
        return head - kept.size();
    }

    private long before(Instant from) {
        for (Kept entry : kept) {
            if (!entry.at.isBefore(from)) {
                return entry.number - 1;
            }
        }
        return head;
    }

    private String id(long number) {
        return epoch + "-" + number;
    }

    private static @Nullable Long number(String text) {
        boolean digits =
                !text.isEmpty()
                        && text.length() < 19
                        && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return digits ? Long.valueOf(text) : null;
    }
}
