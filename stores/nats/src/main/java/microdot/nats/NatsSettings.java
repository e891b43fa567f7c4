package microdot.nats;

import io.nats.client.Options;
import io.nats.client.support.NatsUri;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** The settings of a {@link NatsStore}. Never changed after the store was made. */
final class NatsSettings implements Cloneable {
    private static final Pattern PASSWORDS = Pattern.compile("(?<=//)[^/@\\s]*@");

    private static final Duration MAX_CONNECT = Duration.ofSeconds(2);

    List<String> servers = List.of();
    String namespace = "microdot";
    @Nullable String user;
    @Nullable String password;
    @Nullable String token;
    @Nullable Path credentials;
    @Nullable SSLContext tls;
    int replicas = 1;
    Duration maxAge = Duration.ofDays(7);
    long maxBytes = 1L << 30;
    int maxPerTopic;
    Duration timeout = Duration.ofSeconds(5);
    int maxInFlight = 8192;
    long maxInFlightBytes = 64L << 20;

    NatsSettings copy() {
        try {
            return (NatsSettings) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /** The name of the stream. */
    String stream() {
        return namespace.equals("microdot") ? "microdot" : "microdot-" + namespace;
    }

    /** The servers, without passwords: for messages. */
    String shownServers() {
        return withoutPasswords(String.join(", ", servers));
    }

    static void checkServer(String url) {
        if (!isServer(url)) {
            throw new IllegalArgumentException(
                    "server: \""
                            + withoutPasswords(url)
                            + "\" (expected: a URL such as nats://localhost:4222, a name and a"
                            + " password in it percent-encoded)");
        }
    }

    private static boolean isServer(String url) {
        try {
            return !url.isEmpty() && new NatsUri(url).getPort() <= 65_535;
        } catch (URISyntaxException e) {
            return false; // Its text has the password.
        }
    }

    /** Removes names and passwords from the URLs of a text. */
    static String withoutPasswords(String text) {
        return PASSWORDS.matcher(text).replaceAll("");
    }

    /**
     * The options of one connection. It never reconnects: on its own it would send what waits
     * before anybody has looked whether the stream is still the same.
     */
    Options.Builder options() {
        Options.Builder options =
                Options.builder()
                        .servers(servers.toArray(new String[0]))
                        .noReconnect()
                        .connectionName("microdot " + namespace)
                        .connectionTimeout(
                                timeout.compareTo(MAX_CONNECT) < 0 ? timeout : MAX_CONNECT)
                        .pingInterval(Duration.ofSeconds(5))
                        .maxPingsOut(2)
                        .useTimeoutException()
                        .dontForceFlushOnRequest()
                        .maxMessagesInOutgoingQueue(2 * maxInFlight + 1024);
        if (user != null && password != null) {
            options.userInfo(user, password);
        }
        if (token != null) {
            options.token(token.toCharArray());
        }
        if (credentials != null) {
            options.credentialPath(credentials.toString());
        }
        if (tls != null) {
            options.sslContext(tls);
        }
        return options;
    }
}
