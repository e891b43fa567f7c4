package microdot.netty.tls;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * A private key and its certificates, that of the server first.
 *
 * @param names the host names of that certificate in lower case, such as {@code *.example.org}
 */
record KeyedCertificate(PrivateKey key, List<X509Certificate> chain, List<String> names) {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** The kind of a name in the list of alternative names (RFC 5280, section 4.2.1.6). */
    private static final Integer DNS_NAME = 2;

    KeyedCertificate(PrivateKey key, List<X509Certificate> chain) {
        this(key, chain, names(chain.getFirst()));
    }

    private static List<String> names(X509Certificate certificate) {
        var names = new ArrayList<String>();
        try {
            Collection<List<?>> all = certificate.getSubjectAlternativeNames();
            for (List<?> name : all == null ? List.<List<?>>of() : all) {
                if (DNS_NAME.equals(name.getFirst())) {
                    names.add(String.valueOf(name.get(1)).toLowerCase(Locale.ROOT));
                }
            }
        } catch (CertificateParsingException e) {
            // It is served for every host then, if it is the first one.
        }
        return List.copyOf(names);
    }

    /**
     * Returns whether the certificate is for this host. A wildcard stands for one label (RFC 9525,
     * section 6.3).
     *
     * @param host in lower case
     */
    boolean isFor(String host) {
        int dot = host.indexOf('.');
        return names.contains(host) || (dot > 0 && names.contains("*" + host.substring(dot)));
    }

    void warnIfExpired() {
        Instant end = chain.getFirst().getNotAfter().toInstant();
        if (end.isBefore(Instant.now())) {
            LOG.log(
                    Level.WARNING,
                    () ->
                            "the certificate for "
                                    + (names.isEmpty()
                                            ? chain.getFirst().getSubjectX500Principal()
                                            : String.join(", ", names))
                                    + " has expired; clients refuse it since "
                                    + end);
        }
    }

    /** Returns whether the key is of this kind, as JSSE names them: RSA, EC... */
    boolean isOfType(String type) {
        String algorithm = key.getAlgorithm();
        return algorithm.equals(type)
                || (algorithm.equals("RSA") && type.equals("RSASSA-PSS"))
                || (algorithm.startsWith("Ed") && type.equals("EdDSA"));
    }
}
