package benchmarks;

/** What went wrong with events on their way; all 0 where nothing did. Of one thread. */
final class Faults {
    static final String NONE = "none";

    /** Events that never came on a connection that got earlier and later ones. */
    long lost;

    /** Events that came again, or behind a later one. */
    long repeated;

    /** Events that hold something else than was published; a told gap is one. */
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
