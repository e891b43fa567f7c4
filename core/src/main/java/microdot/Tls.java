package microdot;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import microdot.internal.Required;
import microdot.internal.TlsSettings;
import org.jspecify.annotations.Nullable;

/**
 * How a server speaks TLS, for {@link ServerOptions#tls}: the certificate and its private key. TLS
 * 1.3 and 1.2 are spoken. Immutable; files are read when the server starts, which fails with a
 * message that names the file and what was expected.
 *
 * <p>The server reads the files again when they have changed. New connections then get the new
 * certificate; open connections keep theirs. While the files cannot be used, for example because
 * only one of two is written yet, the server keeps the certificate that it has and logs a warning.
 */
public final class Tls {
    static {
        TlsSettings.register(tls -> ((Tls) tls).settings);
    }

    private final TlsSettings settings;

    private Tls(TlsSettings settings) {
        this.settings = settings;
    }

    private static Tls of(TlsSettings.Source source) {
        return new Tls(new TlsSettings(List.of(source), null, false));
    }

    /**
     * A certificate in two PEM files, as Let's Encrypt and its clients write them.
     *
     * @param chain the certificate of the server, and after it those of the authorities between it
     *     and the root ({@code fullchain.pem})
     * @param key the private key in PKCS #8, not encrypted ({@code privkey.pem})
     */
    public static Tls pem(Path chain, Path key) {
        Required.notNull(chain, "chain", "a PEM file with certificates");
        Required.notNull(key, "key", "a PEM file with a private key");
        return of(new TlsSettings.Pem(chain, key));
    }

    /**
     * The certificates of a key store: a file of {@code keytool}, or a PKCS #12 file of another
     * tool. Each private key in it is served with its certificates.
     *
     * @param password the password of the file and of its keys
     */
    public static Tls keyStore(Path path, String password) {
        Required.notNull(path, "path", "a file with a key store");
        Required.notNull(password, "password", "the password of the file");
        return of(new TlsSettings.Store(path, password));
    }

    /**
     * A certificate for development that the server makes itself: for {@code localhost}, this
     * machine's name and its IPv4 addresses. A browser shows a warning that the user must confirm.
     * It is kept in the user's folder, {@code $XDG_DATA_HOME/microdot/tls.p12} or {@code
     * ~/.local/share/microdot/tls.p12}, so that each browser asks once. It is made anew within 30
     * days of its end, and when the machine has got a further address.
     */
    public static Tls selfSigned() {
        return of(new TlsSettings.SelfSigned());
    }

    /**
     * Returns a copy with the certificates of the other too. A client gets the certificate whose
     * names include the host that it asks for (SNI, RFC 6066), and the first certificate if none
     * does. The names are those in the certificates. What the other says about certificates of
     * clients is ignored.
     */
    public Tls and(Tls further) {
        Required.notNull(further, "further", "Tls with a certificate");
        List<TlsSettings.Source> all =
                Stream.concat(settings.sources().stream(), further.settings.sources().stream())
                        .toList();
        return new Tls(new TlsSettings(all, settings.authorities(), settings.required()));
    }

    /**
     * Returns a copy that refuses clients without a certificate. {@link Request#clientCertificate}
     * is the certificate of the client. Its signatures and its time are checked; whether an
     * authority has revoked it is not.
     *
     * @param authorities a PEM file with the certificates of the authorities that sign those of
     *     clients; read once, at the start
     */
    public Tls requireClientCertificates(Path authorities) {
        return clients(authorities, true);
    }

    /**
     * Returns a copy that asks clients for a certificate and serves those that have none too.
     *
     * @param authorities as for {@link #requireClientCertificates}
     */
    public Tls acceptClientCertificates(Path authorities) {
        return clients(authorities, false);
    }

    private Tls clients(@Nullable Path authorities, boolean required) {
        Path file = Required.notNull(authorities, "authorities", "a PEM file with certificates");
        return new Tls(new TlsSettings(settings.sources(), file, required));
    }
}
