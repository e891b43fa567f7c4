package microdot.sse.log;

/** The bytes that all logs of one order together keep. Under the lock of the order. */
final class MemoryBudget {
    private final long max;
    private long used;

    MemoryBudget(long max) {
        this.max = max;
    }

    /** Adds bytes; fewer are used when negative. */
    void add(long bytes) {
        used += bytes;
    }

    boolean isExceeded() {
        return used > max;
    }

    /**
     * Returns whether more must be evicted, once the budget was exceeded. Somewhat more than the
     * excess is evicted, because finding the oldest event of all costs a look at every log.
     */
    boolean isTight() {
        return used > max - max / 64;
    }
}
