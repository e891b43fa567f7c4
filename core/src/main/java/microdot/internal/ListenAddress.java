package microdot.internal;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, as a transport needs it.
 *
 * @param text as people write it, such as {@code https://0.0.0.0:8443}
 * @param tls whether connections begin with a TLS handshake
 * @param path of the unix domain socket; null for TCP
 * @param host the address, empty for a unix domain socket
 * @param port the port, 0 for a free one
 * @param proxyProtocol whether each connection begins with a PROXY header
 */
public record ListenAddress(
        String text,
        boolean tls,
        @Nullable String path,
        String host,
        int port,
        boolean proxyProtocol) {
    private static volatile @Nullable Function<Object, ListenAddress> reader;

    /**
     * The static initializer of the class of the setting calls it.
     *
     * @param read returns what a setting contains
     */
    public static void register(Function<Object, ListenAddress> read) {
        reader = read;
    }

    /** Returns what a setting contains. */
    public static ListenAddress of(Object listener) {
        return Objects.requireNonNull(reader).apply(listener);
    }

    /** Returns a copy whose connections begin with a PROXY header. */
    public ListenAddress withProxyProtocol() {
        return new ListenAddress(text, tls, path, host, port, true);
    }
}
