package microdot.sse.log;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A heap of the logs that keep something: finds the log with the oldest event in logarithmic time.
 * The key of a log is its oldest position when it was last checked. Trimming raises the position;
 * the key is corrected lazily when the log reaches the top, so trimming costs nothing here. Under
 * the lock of the order.
 */
final class OldestFirst {
    private EventLog[] logs = new EventLog[16];
    private int size;

    /** Makes sure that the log is there: the only step that takes memory. */
    void add(EventLog log, long oldest) {
        if (log.heapIndex >= 0) {
            return;
        }
        if (size == logs.length) {
            logs = Arrays.copyOf(logs, 2 * size);
        }
        log.heapOldest = oldest;
        place(log, size++);
        up(log);
    }

    void remove(EventLog log) {
        int index = log.heapIndex;
        if (index < 0) {
            return;
        }
        EventLog last = logs[--size];
        Arrays.fill(logs, size, size + 1, null);
        log.heapIndex = -1;
        if (!last.equals(log)) {
            place(last, index);
            up(last);
            down(last);
        }
    }

    /** Returns the log with the oldest event; null when no log keeps one. */
    @Nullable EventLog first() {
        while (size > 0) {
            EventLog log = logs[0];
            if (log.isEmpty()) {
                remove(log);
                continue;
            }
            long oldest = log.oldest();
            if (oldest == log.heapOldest) {
                return log;
            }
            log.heapOldest = oldest;
            down(log);
        }
        return null;
    }

    private void place(EventLog log, int index) {
        logs[index] = log;
        log.heapIndex = index;
    }

    private void up(EventLog log) {
        int index = log.heapIndex;
        while (index > 0 && log.heapOldest < logs[(index - 1) / 2].heapOldest) {
            place(logs[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }
        place(log, index);
    }

    private void down(EventLog log) {
        int index = log.heapIndex;
        while (2 * index + 1 < size) {
            int child = 2 * index + 1;
            if (child + 1 < size && logs[child + 1].heapOldest < logs[child].heapOldest) {
                child++;
            }
            if (log.heapOldest <= logs[child].heapOldest) {
                break;
            }
            place(logs[child], index);
            index = child;
        }
        place(log, index);
    }
}
