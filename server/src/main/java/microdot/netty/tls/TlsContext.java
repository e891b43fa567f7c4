package microdot.netty.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.handler.ssl.util.KeyManagerFactoryWrapper;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import microdot.Tls;
import microdot.internal.TlsSettings;

/** What all TLS connections of a server share. Thread-safe. */
public final class TlsContext {
    /**
     * The suites of Mozilla's "intermediate" configuration, version 5.7, without finite-field
     * Diffie-Hellman: forward secrecy and authenticated encryption only. HTTP/2 allows all of them
     * (RFC 9113, appendix A).
     */
    private static final List<String> CIPHERS =
            List.of(
                    "TLS_AES_128_GCM_SHA256",
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    /**
     * The groups of the key exchange with the JDK, which allows finite fields up to 8,192 bits by
     * default: a client that asks for such a group costs the server many times as much as itself
     * (CVE-2002-20001). BoringSSL has none.
     */
    private static final String[] GROUPS = {"x25519", "secp256r1", "secp384r1"};

    /**
     * The buffer that each engine of BoringSSL keeps for what it writes while it reads: an alert,
     * an answer to a change of keys. Parts of a handshake that do not fit are written later.
     * Netty's default is 2,048 bytes, a third of what an engine takes outside the heap.
     */
    private static final int ALERT_BYTES = 256;

    private final CertificateWatch certificates;
    private final SslContext context;

    private TlsContext(CertificateWatch certificates, SslContext context) {
        this.certificates = certificates;
        this.context = context;
    }

    /**
     * Reads the certificates, and again when their files change, until {@link #close}.
     *
     * @param protocols what is offered by ALPN, the preferred one first
     * @throws IOException if a file cannot be used; the message names it
     */
    public static TlsContext of(Tls tls, List<String> protocols) throws IOException {
        TlsSettings settings = TlsSettings.of(tls);
        CertificateWatch certificates = CertificateWatch.start(settings.sources());
        try {
            return new TlsContext(
                    certificates, context(settings, certificates.served(), protocols));
        } catch (IOException | RuntimeException | Error e) {
            certificates.stop();
            throw e;
        }
    }

    private static SslContext context(
            TlsSettings settings, ServedCertificates certificates, List<String> protocols)
            throws IOException {
        boolean boringSsl = isBoringSslUsed();
        KeyManagerFactory factory = new KeyManagerFactoryWrapper(certificates);
        SslContextBuilder builder =
                SslContextBuilder.forServer(
                                boringSsl
                                        ? new OpenSslCachingX509KeyManagerFactory(factory)
                                        : factory)
                        .sslProvider(boringSsl ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK)
                        .protocols("TLSv1.3", "TLSv1.2")
                        .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                        .applicationProtocolConfig(
                                new ApplicationProtocolConfig(
                                        Protocol.ALPN,
                                        SelectorFailureBehavior.NO_ADVERTISE,
                                        SelectedListenerFailureBehavior.ACCEPT,
                                        protocols));
        Path authorities = settings.authorities();
        if (authorities != null) {
            builder.trustManager(
                            CertificateFiles.certificates(
                                    settings.required()
                                            ? "Tls.requireClientCertificates"
                                            : "Tls.acceptClientCertificates",
                                    authorities))
                    .clientAuth(settings.required() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL);
        }
        SslContext context = builder.build();
        if (context instanceof ReferenceCountedOpenSslContext openSsl) {
            openSsl.setBioNonApplicationBufferSize(ALERT_BYTES);
        }
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setTicketKeys(); // Switches tickets on, with keys that BoringSSL rotates.
        }
        return context;
    }

    /**
     * Whether BoringSSL is there. {@code -Dmicrodot.boringssl=false} turns it off: the JDK's TLS is
     * used then.
     */
    private static boolean isBoringSslUsed() {
        return Boolean.parseBoolean(System.getProperty("microdot.boringssl", "true"))
                && OpenSsl.isAvailable();
    }

    /** Returns the name of the library for people. */
    public String provider() {
        return context instanceof ReferenceCountedOpenSslContext
                ? OpenSsl.versionString()
                : "the JDK";
    }

    /** Returns the handler of a new connection. */
    public TlsHandler newHandler(ByteBufAllocator allocator) {
        SSLEngine engine = context.newEngine(allocator);
        if (context instanceof JdkSslContext) {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setNamedGroups(GROUPS.clone());
            engine.setSSLParameters(parameters);
        }
        return new TlsHandler(engine);
    }

    /** Looks whether the files have changed, for tests. */
    public void look() {
        certificates.look();
    }

    /** Releases what is outside the heap. After the last connection has closed. */
    public void close() {
        certificates.stop();
        ReferenceCountUtil.release(context);
    }
}
