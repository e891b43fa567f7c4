package microdot.sse;

/**
 * The positions up to which forgotten topics had events: a later topic of the same name begins
 * there, so that a client that resumes from before gets a gap. Names are hashed into a fixed table
 * to bound memory: a collision may cause an unneeded gap, or an unneeded snapshot without rows,
 * never a missed one. Under the lock of the order.
 */
final class ForgottenTopics {
    private final long[] floors = new long[4096];
    private final long[] rows = new long[floors.length];

    /**
     * @param rowsUntil clients with ids below may have rows of it; 0 if it never was a table
     */
    void add(String name, long last, long rowsUntil) {
        int at = at(name);
        floors[at] = Math.max(floors[at], last);
        rows[at] = Math.max(rows[at], rowsUntil);
    }

    /**
     * Returns the position below which clients may have rows of a forgotten table of this name; 0
     * if there was none.
     */
    long rowsUntil(String name) {
        return rows[at(name)];
    }

    long floor(String name) {
        return floors[at(name)];
    }

    private int at(String name) {
        int hash = name.hashCode();
        return (hash ^ (hash >>> 16)) & (floors.length - 1);
    }
}
