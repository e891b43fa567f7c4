package dashboard;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One reading of the machine.
 *
 * @param time milliseconds since 1970
 * @param cpu how busy all cores together are, in percent
 * @param cores how busy each core is, in percent
 * @param load average length of the run queue over 1, 5 and 15 minutes; null on a system that has
 *     none
 * @param disk null when the system reports no disks
 * @param network null without a network interface other than loopback
 * @param temperatures degrees Celsius by name; empty without thermometers
 */
record Sample(
        long time,
        double cpu,
        List<Double> cores,
        @Nullable List<Double> load,
        Memory memory,
        @Nullable Rate disk,
        @Nullable Rate network,
        Map<String, Double> temperatures) {

    /** Sizes in bytes. */
    record Memory(long used, long total, long swapUsed, long swapTotal) {}

    /** Rates in bytes per second: read or received, and written or sent. */
    record Rate(long in, long out) {}
}
