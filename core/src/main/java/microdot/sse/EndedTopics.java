package microdot.sse;

import java.util.LinkedHashMap;
import java.util.Map;
import microdot.internal.BriefLock;

/**
 * The ends of topics that were forgotten after their end, the newest only. Exact, unlike {@link
 * ForgottenTopics}: a browser that gets 204 for an end never reconnects. Thread-safe.
 */
final class EndedTopics extends BriefLock {
    private static final int MOST = 4096;

    private final Map<String, Long> ends = new LinkedHashMap<>();

    void add(String name, long end) {
        lock();
        try {
            ends.remove(name);
            ends.put(name, end);
            if (ends.size() > MOST) {
                ends.remove(ends.keySet().iterator().next());
            }
        } finally {
            unlock();
        }
    }

    void remove(String name) {
        lock();
        try {
            ends.remove(name);
        } finally {
            unlock();
        }
    }

    /** Returns 0 when no end is remembered. */
    long get(String name) {
        lock();
        try {
            return ends.getOrDefault(name, 0L);
        } finally {
            unlock();
        }
    }
}
