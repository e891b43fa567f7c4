package benchmarks;

/**
 * A histogram of durations. A bucket is an eighth of a power of two wide, so a quantile is at most
 * an eighth too high.
 */
final class Times {
    private static final int STEPS = 8;

    private final long[] buckets = new long[64 * STEPS];
    private long count;

    void add(long nanos) {
        buckets[bucket(Math.max(STEPS, nanos))]++;
        count++;
    }

    long count() {
        return count;
    }

    /** Returns a quantile in nanoseconds; NaN when nothing was added. */
    double quantile(double share) {
        long rank = (long) Math.ceil(share * count);
        long seen = 0;
        for (int i = 0; i < buckets.length && count > 0; i++) {
            seen += buckets[i];
            if (seen >= rank) {
                return upperEnd(i);
            }
        }
        return Double.NaN;
    }

    private static int bucket(long nanos) {
        int power = 63 - Long.numberOfLeadingZeros(nanos);
        return power * STEPS + (int) ((nanos >>> (power - 3)) & (STEPS - 1));
    }

    private static double upperEnd(int bucket) {
        return Math.scalb(1 + (bucket % STEPS + 1) / (double) STEPS, bucket / STEPS);
    }
}
