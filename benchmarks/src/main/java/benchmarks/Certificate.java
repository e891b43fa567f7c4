package benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;

/**
 * The certificate of all servers, with a key on P-256, in the forms that they read: {@code
 * chain.pem}, {@code key.pem}, and {@code keys.p12}, whose password is "password".
 */
final class Certificate {
    private static final String PASSWORD = "password";

    private Certificate() {}

    /** Makes the files in the folder, which must exist, unless they are there. */
    static void make(Path folder) throws IOException, InterruptedException {
        Path store = folder.resolve("keys.p12");
        if (!Files.exists(store)) {
            keytool(store);
        }
        try {
            char[] password = PASSWORD.toCharArray();
            KeyStore keys = KeyStore.getInstance(store.toFile(), password);
            pem(
                    folder.resolve("chain.pem"),
                    "CERTIFICATE",
                    keys.getCertificate("bench").getEncoded());
            pem(
                    folder.resolve("key.pem"),
                    "PRIVATE KEY",
                    keys.getKey("bench", password).getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IOException(store + " cannot be read", e);
        }
    }

    private static void keytool(Path store) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(
                                List.of(
                                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                                .toString(),
                                        "-genkeypair",
                                        "-alias",
                                        "bench",
                                        "-keyalg",
                                        "EC",
                                        "-groupname",
                                        "secp256r1",
                                        "-dname",
                                        "CN=localhost",
                                        "-ext",
                                        "SAN=dns:localhost,ip:127.0.0.1",
                                        "-validity",
                                        "3650",
                                        "-storetype",
                                        "PKCS12",
                                        "-storepass",
                                        PASSWORD,
                                        "-keystore",
                                        store.toString()))
                        .inheritIO()
                        .start();
        if (process.waitFor() != 0) {
            throw new IOException("keytool failed for " + store);
        }
    }

    private static void pem(Path file, String type, byte[] content) throws IOException {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Files.writeString(
                file, "-----BEGIN %s-----\n%s\n-----END %1$s-----\n".formatted(type, text));
    }
}
