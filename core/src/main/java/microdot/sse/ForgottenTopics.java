package microdot.sse;

/**
 * The positions up to which forgotten topics had events: a later topic of the same name begins
 * there, so that a client that resumes from before gets a gap. Names are hashed into a fixed table
 * to bound memory: a collision may cause an unneeded gap, or an unneeded snapshot without rows,
 * never a missed one. Under the lock of the order.
 */
final class ForgottenTopics {
    private final long[] floors = new long[4096];
    private final boolean[] tables = new boolean[floors.length];

    /**
     * @param wasTable whether clients may have rows of it
     */
    void add(String name, long last, boolean wasTable) {
        int at = at(name);
        floors[at] = Math.max(floors[at], last);
        tables[at] |= wasTable;
    }

    /** Returns whether a forgotten topic of this name was a table. */
    boolean wasTable(String name) {
        return tables[at(name)];
    }

    long floor(String name) {
        return floors[at(name)];
    }

    private int at(String name) {
        int hash = name.hashCode();
        return (hash ^ (hash >>> 16)) & (floors.length - 1);
    }
}
