package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import microdot.ServerOptions;
import microdot.Tls;
import org.jspecify.annotations.Nullable;

/** A self-signed certificate that keytool has made for tests, and clients that trust everything. */
final class TestCertificate {
    static final String PASSWORD = "secret";

    private final Path store;
    private final KeyStore keys;

    private TestCertificate(Path store, KeyStore keys) {
        this.store = store;
        this.keys = keys;
    }

    /** Holds the certificate of the tests that do not look at it. */
    private static final class Shared {
        static final TestCertificate CERTIFICATE = make(folder(), "EC", "localhost");

        private static Path folder() {
            try {
                Path folder = Files.createTempDirectory("microdot-tls");
                folder.toFile().deleteOnExit();
                folder.resolve("localhost.EC.p12").toFile().deleteOnExit();
                return folder;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Has a server speak TLS, by BoringSSL or else the JDK. */
    static ServerOptions secured(ServerOptions options, boolean boringSsl) {
        System.setProperty("microdot.boringssl", String.valueOf(boringSsl));
        return options.tls(Tls.keyStore(Shared.CERTIFICATE.store, PASSWORD));
    }

    /** Makes a certificate with an RSA or EC key for these names. */
    static TestCertificate make(Path folder, String algorithm, String... names) {
        Path file = folder.resolve(names[0].replace('*', '_') + "." + algorithm + ".p12");
        var command =
                new ArrayList<>(
                        List.of(
                                System.getProperty("java.home") + "/bin/keytool",
                                "-genkeypair",
                                "-alias",
                                "test",
                                "-keyalg",
                                algorithm,
                                "-validity",
                                "2",
                                "-dname",
                                "CN=" + names[0],
                                "-ext",
                                "san=dns:" + String.join(",dns:", names),
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                PASSWORD));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(said);
            }
            KeyStore keys = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
            return new TestCertificate(file, keys);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    Path store() {
        return store;
    }

    X509Certificate certificate() throws GeneralSecurityException {
        return (X509Certificate) keys.getCertificate("test");
    }

    /** Writes the certificate as a PEM file. */
    Path writeChain(Path file) throws IOException, GeneralSecurityException {
        return Files.writeString(file, pem("CERTIFICATE", certificate().getEncoded()));
    }

    /** Writes the private key as a PEM file. */
    Path writeKey(Path file) throws IOException, GeneralSecurityException {
        var key = (PrivateKey) keys.getKey("test", PASSWORD.toCharArray());
        return Files.writeString(file, pem("PRIVATE KEY", key.getEncoded()));
    }

    private static String pem(String type, byte[] der) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n";
    }

    /** Returns clients that trust every server, and show the certificate if it is not null. */
    static SSLContext clients(@Nullable TestCertificate own) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            KeyManagerFactory factory = null;
            if (own != null) {
                factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
                factory.init(own.keys, PASSWORD.toCharArray());
            }
            context.init(
                    factory == null ? null : factory.getKeyManagers(),
                    new TrustManager[] {new Everything()},
                    new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static final class Everything implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
