package benchmarks;

/** Counts of faulty deliveries, 0 without faults. Confined to one thread. */
final class Faults {
    static final String NONE = "none";

    /** Events that never arrived on a connection that got earlier and later events. */
    long lost;

    /** Events that arrived twice, or after a later event. */
    long repeated;

    /** Events whose data was not published; a gap event counts as one. */
    long corrupt;

    /** Streams that ended. */
    long ended;

    boolean none() {
        return lost + repeated + corrupt + ended == 0;
    }

    @Override
    public String toString() {
        return none()
                ? NONE
                : "%d lost, %d repeated, %d corrupt, %d ended"
                        .formatted(lost, repeated, corrupt, ended);
    }
}
