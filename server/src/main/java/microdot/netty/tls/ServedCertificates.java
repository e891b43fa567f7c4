package microdot.netty.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificates that new connections get: for each the one whose names include the host that the
 * client asks for. They can be replaced at any time, without a new TLS context, so that sessions of
 * clients can be resumed after that too. Thread-safe.
 */
final class ServedCertificates extends X509ExtendedKeyManager {
    private volatile Generation current;

    ServedCertificates(List<KeyedCertificate> certificates) {
        current = Generation.of(0, certificates, List.of());
    }

    /** Serves these from now on. Calls must not overlap. */
    void replace(List<KeyedCertificate> certificates) {
        Generation old = current;
        current = Generation.of(old.number + 1, certificates, old.served);
    }

    /**
     * The certificates of one time.
     *
     * @param number counts up: an alias is never used again for another certificate, because the
     *     cache of BoringSSL's keys is by alias
     * @param known by their alias, those of the time before too: a handshake that has chosen one
     *     still asks for it
     */
    private record Generation(
            int number, List<KeyedCertificate> served, Map<String, KeyedCertificate> known) {
        static Generation of(
                int number, List<KeyedCertificate> served, List<KeyedCertificate> before) {
            var known = new HashMap<String, KeyedCertificate>();
            add(number - 1, before, known);
            add(number, served, known);
            return new Generation(number, served, known);
        }

        private static void add(
                int number, List<KeyedCertificate> served, Map<String, KeyedCertificate> known) {
            for (int i = 0; i < served.size(); i++) {
                known.put(number + "-" + i, served.get(i));
            }
        }

        String alias(KeyedCertificate certificate) {
            return number + "-" + served.indexOf(certificate);
        }
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
        Generation now = current;
        String host = host(engine);
        List<KeyedCertificate> matching =
                host == null
                        ? List.of()
                        : now.served.stream().filter(each -> each.isFor(host)).toList();
        // Without a match, every certificate: the first one whose key the client can use.
        return (matching.isEmpty() ? now.served : matching)
                .stream()
                        .filter(each -> each.isOfType(keyType))
                        .findFirst()
                        .map(now::alias)
                        .orElse(null);
    }

    /** Returns the host that the client asks for, in lower case; null if it names none. */
    private static @Nullable String host(SSLEngine engine) {
        if (engine.getHandshakeSession() instanceof ExtendedSSLSession session) {
            for (SNIServerName name : session.getRequestedServerNames()) {
                if (name instanceof SNIHostName host) {
                    return host.getAsciiName().toLowerCase(Locale.ROOT);
                }
            }
        }
        return null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        KeyedCertificate certificate = current.known.get(alias);
        return certificate == null ? null : certificate.chain().toArray(new X509Certificate[0]);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        KeyedCertificate certificate = current.known.get(alias);
        return certificate == null ? null : certificate.key();
    }

    // ---- What a server with engines does not ask for ----

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
