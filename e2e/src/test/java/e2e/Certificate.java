package e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import microdot.Tls;

/** A self-signed certificate for 127.0.0.1, and what makes clients trust it and no other one. */
record Certificate(Path store, Path pem, SSLContext trust, X509TrustManager trusts) {
    private static final String PASSWORD = "secret";

    /** Made once, with the JDK's keytool, by the first test that needs it. */
    private static final class Made {
        static final Certificate CERTIFICATE = make();

        private static Certificate make() {
            try {
                Path folder = Files.createTempDirectory("microdot-tls");
                folder.toFile().deleteOnExit();
                return in(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (GeneralSecurityException | InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    static Certificate get() {
        return Made.CERTIFICATE;
    }

    private static Certificate in(Path folder)
            throws IOException, GeneralSecurityException, InterruptedException {
        Path store = folder.resolve("tls.p12");
        store.toFile().deleteOnExit();
        try (Child keytool = keytool(folder, store)) {
            if (keytool.exitCode() != 0) {
                throw new AssertionError(keytool.lines());
            }
        }
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        return of(store, folder.resolve("tls.pem"), keys.getCertificate("server"));
    }

    private static Child keytool(Path folder, Path store) {
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                        "-genkeypair",
                        "-alias",
                        "server",
                        "-keyalg",
                        "EC",
                        "-validity",
                        "2",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost,dns:app.example,ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD);
        return Child.start(folder, command.toArray(String[]::new));
    }

    private static Certificate of(Path store, Path pem, java.security.cert.Certificate certificate)
            throws IOException, GeneralSecurityException {
        var encoder = Base64.getMimeEncoder(64, new byte[] {'\n'});
        pem.toFile().deleteOnExit();
        String text = encoder.encodeToString(certificate.getEncoded());
        Files.writeString(
                pem,
                "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n",
                StandardCharsets.US_ASCII);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", certificate);
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return new Certificate(
                store, pem, context, (X509TrustManager) factory.getTrustManagers()[0]);
    }

    Tls tls() {
        return Tls.keyStore(store, PASSWORD);
    }
}
