package microdot.sqlite;

import java.nio.file.Path;
import java.time.InstantSource;

/**
 * How a store works.
 *
 * @param maxPages of the file; 0 for no limit. For tests of a full disk
 */
record Settings(
        Path path,
        String namespace,
        Durability durability,
        int maxInFlight,
        long maxInFlightBytes,
        InstantSource clock,
        Format format,
        long maxPages) {
    static Settings at(Path path) {
        return new Settings(
                path,
                "microdot",
                Durability.always(),
                16_384,
                64L << 20,
                InstantSource.system(),
                Format.CURRENT,
                0);
    }

    Settings namespace(String name) {
        return new Settings(
                path, name, durability, maxInFlight, maxInFlightBytes, clock, format, maxPages);
    }

    Settings durability(Durability wanted) {
        return new Settings(
                path, namespace, wanted, maxInFlight, maxInFlightBytes, clock, format, maxPages);
    }

    Settings maxInFlight(int appends, long bytes) {
        return new Settings(path, namespace, durability, appends, bytes, clock, format, maxPages);
    }

    Settings clock(InstantSource wanted) {
        return new Settings(
                path,
                namespace,
                durability,
                maxInFlight,
                maxInFlightBytes,
                wanted,
                format,
                maxPages);
    }

    Settings format(Format wanted) {
        return new Settings(
                path,
                namespace,
                durability,
                maxInFlight,
                maxInFlightBytes,
                clock,
                wanted,
                maxPages);
    }

    Settings maxPages(long pages) {
        return new Settings(
                path, namespace, durability, maxInFlight, maxInFlightBytes, clock, format, pages);
    }
}
