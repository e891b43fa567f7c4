package microdot.redis;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a store was set to.
 *
 * @param timeout of an append, from its call on, and of every other command
 * @param connectTimeout of one try to connect
 * @param appends how many may wait or be in flight
 * @param bytes how many bytes of entries these may have
 * @param spine about how many entries the spine keeps
 * @param tls files of certificates
 * @param skew added to the clock of the engine, in milliseconds; other than 0 in tests only
 */
record Settings(
        Address address,
        String namespace,
        Duration timeout,
        Duration connectTimeout,
        int appends,
        long bytes,
        int spine,
        Tls tls,
        LongSupplier skew) {

    /** Entries of one list at most: Redis does nothing else while it appends them, about 0.2 s. */
    private static final int LONGEST_LIST = 8192;

    /** Returns how many entries one list may have: the spine needs room for it and for others. */
    int listEntries() {
        return Math.min(LONGEST_LIST, spine / 2);
    }

    /**
     * Files of certificates, in PEM.
     *
     * @param authorities that are trusted; null for those that Java trusts
     * @param chain of this client; null for none
     * @param key of the chain
     */
    record Tls(@Nullable Path authorities, @Nullable Path chain, @Nullable Path key) {
        static final Tls NONE = new Tls(null, null, null);
    }

    Settings with(Address other) {
        return new Settings(
                other, namespace, timeout, connectTimeout, appends, bytes, spine, tls, skew);
    }

    Settings with(String name) {
        return new Settings(
                address, name, timeout, connectTimeout, appends, bytes, spine, tls, skew);
    }

    Settings withTimeout(Duration longest) {
        return new Settings(
                address, namespace, longest, connectTimeout, appends, bytes, spine, tls, skew);
    }

    Settings withConnectTimeout(Duration longest) {
        return new Settings(address, namespace, timeout, longest, appends, bytes, spine, tls, skew);
    }

    Settings withMost(int most, long mostBytes) {
        return new Settings(
                address, namespace, timeout, connectTimeout, most, mostBytes, spine, tls, skew);
    }

    Settings withSpine(int entries) {
        return new Settings(
                address, namespace, timeout, connectTimeout, appends, bytes, entries, tls, skew);
    }

    Settings withAuthorities(Path file) {
        return with(new Tls(file, tls.chain, tls.key));
    }

    Settings withCertificate(Path chain, Path key) {
        return with(new Tls(tls.authorities, chain, key));
    }

    private Settings with(Tls files) {
        return new Settings(
                address, namespace, timeout, connectTimeout, appends, bytes, spine, files, skew);
    }

    Settings withSkew(LongSupplier ahead) {
        return new Settings(
                address, namespace, timeout, connectTimeout, appends, bytes, spine, tls, ahead);
    }
}
