package microdot.sse;

/** The bytes that all topics together keep. Under the lock of the topics. */
final class MemoryBudget {
    private final long max;
    private long used;

    MemoryBudget(long max) {
        this.max = max;
    }

    /** More, or fewer when negative. */
    void add(long bytes) {
        used += bytes;
    }

    boolean isExceeded() {
        return used > max;
    }

    /**
     * Whether more shall go, once it was exceeded: somewhat more than the excess, for to find the
     * oldest of all costs a look at every topic.
     */
    boolean isTight() {
        return used > max - max / 64;
    }
}
