package microdot.netty.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.internal.TlsSettings;

/**
 * Reads certificates and private keys from files. A message names the file and what was expected.
 */
final class CertificateFiles {
    private static final Pattern BLOCK =
            Pattern.compile(
                    "-----BEGIN ([A-Z0-9 ]+)-----\\s+([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    /** No file of certificates is as large; a wrong path may be. */
    private static final int MAX_BYTES = 4 << 20;

    private CertificateFiles() {}

    /** Reads what a source names: at least one certificate. */
    static List<KeyedCertificate> read(TlsSettings.Source source) throws IOException {
        return switch (source) {
            case TlsSettings.Pem pem -> List.of(pem(pem));
            case TlsSettings.Store store -> store(store);
            case TlsSettings.SelfSigned self -> store(SelfSigned.upToDate());
        };
    }

    private static KeyedCertificate pem(TlsSettings.Pem pem) throws IOException {
        List<X509Certificate> chain = certificates("Tls.pem", pem.chain());
        PublicKey publicKey = chain.getFirst().getPublicKey();
        PrivateKey key = key(pem.key(), publicKey.getAlgorithm());
        if (!isPair(key, publicKey)) {
            throw new IOException(
                    "Tls.pem: "
                            + pem.key()
                            + " (expected: the private key of the first certificate of "
                            + pem.chain()
                            + ")");
        }
        return new KeyedCertificate(key, chain);
    }

    /** Reads the certificates of a PEM file: at least one. */
    static List<X509Certificate> certificates(String setting, Path file) throws IOException {
        byte[] bytes = bytes(setting, file);
        var certificates = new ArrayList<X509Certificate>();
        try {
            Matcher block = BLOCK.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            while (block.find()) {
                if (block.group(1).equals("CERTIFICATE")) {
                    byte[] der = Base64.getMimeDecoder().decode(block.group(2));
                    certificates.add(
                            (X509Certificate)
                                    factory.generateCertificate(new ByteArrayInputStream(der)));
                }
            }
        } catch (CertificateException | IllegalArgumentException e) {
            throw unreadable(setting, file, "certificates in the PEM format", e);
        }
        if (certificates.isEmpty()) {
            throw new IOException(
                    setting
                            + ": "
                            + file
                            + " (expected: -----BEGIN CERTIFICATE-----, at least once)");
        }
        return List.copyOf(certificates);
    }

    private static PrivateKey key(Path file, String algorithm) throws IOException {
        String text = new String(bytes("Tls.pem", file), StandardCharsets.ISO_8859_1);
        Matcher block = BLOCK.matcher(text);
        String others = "";
        while (block.find()) {
            if (block.group(1).equals("PRIVATE KEY")) {
                try {
                    byte[] der = Base64.getMimeDecoder().decode(block.group(2));
                    return KeyFactory.getInstance(algorithm)
                            .generatePrivate(new PKCS8EncodedKeySpec(der));
                } catch (GeneralSecurityException | IllegalArgumentException e) {
                    throw unreadable("Tls.pem", file, "a private key for " + algorithm, e);
                }
            }
            others += others.isEmpty() ? " has " + block.group(1) : ", " + block.group(1);
        }
        throw new IOException(
                "Tls.pem: "
                        + file
                        + others
                        + " (expected: -----BEGIN PRIVATE KEY-----; openssl pkcs8 -topk8 -nocrypt"
                        + " converts other keys)");
    }

    private static List<KeyedCertificate> store(TlsSettings.Store store) throws IOException {
        Path file = store.path();
        byte[] bytes = bytes("Tls.keyStore", file);
        char[] password = store.password().toCharArray();
        var found = new ArrayList<KeyedCertificate>();
        try {
            // The type that the file has, whatever was asked for: PKCS #12 or JKS.
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(new ByteArrayInputStream(bytes), password);
            for (String alias : Collections.list(keys.aliases())) {
                Certificate[] chain = keys.getCertificateChain(alias);
                if (chain != null && keys.getKey(alias, password) instanceof PrivateKey key) {
                    found.add(
                            new KeyedCertificate(
                                    key,
                                    Arrays.stream(chain)
                                            .map(X509Certificate.class::cast)
                                            .toList()));
                }
            }
        } catch (IOException | GeneralSecurityException | ClassCastException e) {
            throw unreadable("Tls.keyStore", file, "a key store and its password", e);
        }
        if (found.isEmpty()) {
            throw new IOException(
                    "Tls.keyStore: " + file + " (expected: a private key with its certificate)");
        }
        return List.copyOf(found);
    }

    private static byte[] bytes(String setting, Path file) throws IOException {
        try {
            if (Files.isDirectory(file)) {
                throw new FileSystemException(file.toString(), null, "it is a folder");
            }
            if (Files.size(file) <= MAX_BYTES) {
                return Files.readAllBytes(file);
            }
        } catch (NoSuchFileException e) {
            var missing =
                    new NoSuchFileException(
                            setting + ": " + file + " does not exist (expected: a file)");
            missing.initCause(e);
            throw missing;
        } catch (AccessDeniedException e) {
            String user = System.getProperty("user.name");
            throw new IOException(
                    setting + ": " + file + " (expected: a file that " + user + " may read)", e);
        } catch (IOException e) {
            String reason = e instanceof FileSystemException known ? known.getReason() : null;
            throw new IOException(
                    setting
                            + ": "
                            + file
                            + " (expected: a file): "
                            + (reason == null ? e.getMessage() : reason),
                    e);
        }
        throw new IOException(
                setting + ": " + file + " (expected: at most " + MAX_BYTES + " bytes)");
    }

    private static IOException unreadable(
            String setting, Path file, String expected, Exception cause) {
        return new IOException(
                setting + ": " + file + " (expected: " + expected + "): " + cause.getMessage(),
                cause);
    }

    /** Returns whether what the one key signs is valid for the other. */
    private static boolean isPair(PrivateKey key, PublicKey publicKey) {
        byte[] text = {1, 2, 3, 4};
        try {
            Signature signature =
                    Signature.getInstance(
                            switch (key.getAlgorithm()) {
                                case "RSA" -> "SHA256withRSA";
                                case "EC" -> "SHA256withECDSA";
                                default -> key.getAlgorithm();
                            });
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(text);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
