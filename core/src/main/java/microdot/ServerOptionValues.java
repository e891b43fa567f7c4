package microdot;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The values of {@link ServerOptions}, with the defaults. Changed only before they belong to
 * options.
 */
final class ServerOptionValues implements Cloneable {
    String host = "0.0.0.0";
    int port = 5000;
    int maxHead = 16 << 10;
    int maxBody = 1 << 20;
    Duration headTimeout = Duration.ofSeconds(10);
    Duration bodyTimeout = Duration.ofSeconds(60);
    Duration idleTimeout = Duration.ofSeconds(60);
    int streamBuffer = 64 << 10;
    Duration heartbeat = Duration.ofSeconds(15);
    Duration halfOpen = Duration.ofSeconds(20);
    Duration closeTimeout = Duration.ofSeconds(2);
    int maxStreams = 100_000;
    int maxStreamsPerAddress;
    int maxConcurrentStreams = 256;
    Duration maxStreamAge = Duration.ZERO;
    int reconnectsPerSecond; // 0 for the default, which depends on tls.
    long maxMemory;
    int maxFields = 100;
    Duration stallTimeout = Duration.ofSeconds(60);
    int minRate = 240;
    int maxConnections;
    int maxConnectionsPerAddress;
    int maxRequests = 10_000;
    int maxRequestsPerAddress;
    @Nullable Consumer<Throwable> onFailure;
    int blockingThreads = 64;
    boolean interruptAbandoned;
    @Nullable AccessLog accessLog = accessLogOfProperty();
    List<String> hosts = List.of();
    List<String> trustedProxies = List.of();
    boolean proxyProtocol;
    List<Listener> listen = List.of();
    int redirectHttp = -1;
    @Nullable Tls tls = tlsOfProperty();

    /** Returns the TLS that the system property asks for; null if it is not set. */
    private static @Nullable Tls tlsOfProperty() {
        String value = System.getProperty("microdot.tls", "");
        return switch (value) {
            case "" -> null;
            case "self-signed" -> Tls.selfSigned();
            default ->
                    throw new IllegalArgumentException(
                            "microdot.tls: " + value + " (expected: self-signed)");
        };
    }

    /** Returns the log that the system property asks for; null if it is not set. */
    private static @Nullable AccessLog accessLogOfProperty() {
        String value = System.getProperty("microdot.accessLog", "");
        return switch (value) {
            case "" -> null;
            case "standard" -> AccessLog.standard();
            case "json" -> AccessLog.json();
            default ->
                    throw new IllegalArgumentException(
                            "microdot.accessLog: " + value + " (expected: standard or json)");
        };
    }

    ServerOptionValues copy() {
        try {
            return (ServerOptionValues) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e); // It implements Cloneable.
        }
    }
}
