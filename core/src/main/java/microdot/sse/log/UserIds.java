package microdot.sse.log;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The positions of the kept events of a log that have an id of their publisher. Of several events
 * with one id it is the newest. Under the lock of the order.
 */
final class UserIds {
    private final MemoryBudget.Share budget;
    private final Map<String, Long> positions = new HashMap<>(0);

    UserIds(MemoryBudget.Share budget) {
        this.budget = budget;
    }

    private static long cost(String id) {
        return MemoryBudget.OWN_ID + id.length();
    }

    /** Sets the position of an id; returns the one before, for {@link #undo}. */
    @Nullable Long put(String id, long position) {
        Long previous = positions.put(id, position);
        if (previous == null) {
            budget.add(cost(id));
        }
        return previous;
    }

    /** Takes back a {@link #put}, which may have failed. */
    void undo(String id, @Nullable Long previous, long position) {
        if (previous == null) {
            remove(id, position);
        } else {
            positions.replace(id, previous);
        }
    }

    /** Removes an id, unless a newer event has it. */
    void remove(String id, long position) {
        if (positions.remove(id, position)) {
            budget.add(-cost(id));
        }
    }

    void clear() {
        positions.keySet().forEach(id -> budget.add(-cost(id)));
        positions.clear();
    }

    /** Returns the position of the newest event with this id, or -1. */
    long positionOf(String id) {
        return positions.getOrDefault(id, -1L);
    }
}
