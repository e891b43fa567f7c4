package microdot.redis;

import io.lettuce.core.RedisURI;
import java.time.Duration;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The address of Redis, and the login at its Sentinels. */
final class Address {
    private final String uri;
    private final @Nullable String sentinelUser;
    private final @Nullable String sentinelPassword;

    private Address(String uri, @Nullable String user, @Nullable String password) {
        this.uri = uri;
        sentinelUser = user;
        sentinelPassword = password;
    }

    /**
     * Reads a URI.
     *
     * @throws IllegalArgumentException when it is not one of those that {@link RedisStore#connect}
     *     names; its message has no password
     */
    static Address of(String uri) {
        if (!uri.matches("(?s)(redis|rediss|redis-sentinel|rediss-sentinel)://.+")) {
            int colon = uri.indexOf(':');
            throw new IllegalArgumentException(
                    "uri: begins with \""
                            + uri.substring(0, Math.min(Math.max(colon, 0), 20))
                            + "\" (expected: redis://host:6379, rediss://… for TLS, or"
                            + " redis-sentinel://host:26379/0#name)");
        }
        if (uri.matches("(?s)rediss?-sentinel:[^#]+")) {
            throw new IllegalArgumentException(
                    "uri: without the name that the Sentinels have for the master (expected:"
                            + " redis-sentinel://host:26379/0#name)");
        }
        RedisURI read;
        try {
            read = RedisURI.create(uri);
        } catch (IllegalArgumentException e) {
            // The text of the cause has the password.
            throw new IllegalArgumentException(
                    "uri: not understood (expected: redis://user:password@host:6379/0, the"
                            + " password percent-encoded)");
        }
        String host = read.getHost();
        if (host != null && !host.startsWith("[") && host.contains(":")) {
            // Not what came: it may be a part of the password.
            throw new IllegalArgumentException(
                    "uri: host or port not understood (expected:"
                            + " redis://user:password@host:6379/0; a host has letters, digits, -"
                            + " and .; the password percent-encoded)");
        }
        return new Address(uri, null, null);
    }

    /**
     * Returns the address with a login at the Sentinels.
     *
     * @throws IllegalArgumentException when it names no Sentinels
     */
    Address sentinelLogin(String user, String password) {
        if (lettuce(Duration.ZERO).getSentinels().isEmpty()) {
            throw new IllegalArgumentException(
                    "sentinelLogin: "
                            + this
                            + " names no Sentinels (expected: redis-sentinel://host:26379/0#name)");
        }
        return new Address(uri, user, password);
    }

    /** Returns it for Lettuce, whose URIs can be changed: a new one with each call. */
    RedisURI lettuce(Duration connectTimeout) {
        RedisURI read = RedisURI.create(uri);
        read.setTimeout(connectTimeout);
        for (RedisURI sentinel : read.getSentinels()) {
            sentinel.setTimeout(connectTimeout);
            if (sentinelPassword != null) {
                sentinel.setAuthentication(sentinelUser, sentinelPassword);
            }
        }
        return read;
    }

    /** Returns it without users and passwords, for messages. */
    @Override
    public String toString() {
        RedisURI read = RedisURI.create(uri);
        String servers =
                read.getSentinels().isEmpty()
                        ? server(read)
                        : read.getSentinels().stream()
                                .map(Address::server)
                                .collect(Collectors.joining(","));
        String name = read.getSentinelMasterId();
        return uri.substring(0, uri.indexOf("://") + 3)
                + servers
                + "/"
                + read.getDatabase()
                + (name == null ? "" : "#" + name);
    }

    private static String server(RedisURI uri) {
        return uri.getHost() + ":" + uri.getPort();
    }
}
