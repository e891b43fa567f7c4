package microdot.sqlite;

import java.time.Duration;

/**
 * When what is published is forced to the disk. Whichever is chosen, nothing is lost when only the
 * process ends, even by {@code kill -9}. The difference is a power cut, or an end of the operating
 * system.
 */
public final class Durability {
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final Durability ALWAYS = new Durability("always", Duration.ZERO);
    private static final Durability NONE = new Durability("none", Duration.ZERO);

    private final String name;
    private final Duration period;

    private Durability(String name, Duration period) {
        this.name = name;
        this.period = period;
    }

    /**
     * Before it is acknowledged: the default. A power cut loses nothing that was acknowledged.
     * Publishers that publish at the same time share one write to the disk.
     */
    public static Durability always() {
        return ALWAYS;
    }

    /**
     * At intervals. A power cut loses what was acknowledged within about the last interval. Clients
     * are sent a gap then: each start after an unclean stop begins a new epoch.
     *
     * @param period 1 ms to 1 hour
     */
    public static Durability every(Duration period) {
        Given.value(period, "period", "1 ms to 1 hour");
        if (period.compareTo(SHORTEST) < 0 || period.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("period: " + period + " (expected: 1 ms to 1 hour)");
        }
        return new Durability("every " + period, period);
    }

    /**
     * When the operating system does it, and when the journal is copied into the file, which is
     * about every 16 MiB. A power cut loses what was acknowledged since then. The file stays whole,
     * and clients are sent a gap: each start after an unclean stop begins a new epoch.
     */
    public static Durability none() {
        return NONE;
    }

    boolean isAlways() {
        return this == ALWAYS;
    }

    /** Zero when there is none. */
    Duration period() {
        return period;
    }

    @Override
    public String toString() {
        return name;
    }
}
