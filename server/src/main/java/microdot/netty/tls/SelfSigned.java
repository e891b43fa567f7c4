package microdot.netty.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import microdot.internal.TlsSettings;
import org.jspecify.annotations.Nullable;

/**
 * The certificate of {@code Tls.selfSigned}, kept in the user's folder. The JDK's keytool makes it:
 * Java has no public API for that, and keytool belongs to every runtime (module java.base), while a
 * library would add megabytes. With the certificate the key is made anew: a browser remembers the
 * certificate that its user trusts, and not the key.
 */
final class SelfSigned {
    private static final Logger LOG = System.getLogger("microdot.netty");

    /** It protects nothing: the mode of the file does. A key store must have one. */
    private static final String PASSWORD = "microdot";

    /** Safari takes no certificate of a longer life. */
    private static final int DAYS = 397;

    private static final int DAYS_LEFT = 30;

    /** A certificate keeps the names of earlier networks, so that a browser need not ask again. */
    private static final int MAX_NAMES = 64;

    private static final Pattern HOST_NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]*[a-z0-9])?");

    private SelfSigned() {}

    /** Returns the key store, which is made if there is none that fits. */
    static TlsSettings.Store upToDate() throws IOException {
        return upToDate(folder(), names());
    }

    static TlsSettings.Store upToDate(Path folder, Set<String> names) throws IOException {
        Path file = folder.resolve("tls.p12");
        X509Certificate kept = certificate(file);
        Set<String> covered = kept == null ? Set.of() : namesOf(kept);
        if (kept == null || !covered.containsAll(names) || isOld(kept)) {
            var all = new LinkedHashSet<>(names);
            covered.stream().limit(Math.max(0, MAX_NAMES - names.size())).forEach(all::add);
            make(file, all);
            LOG.log(
                    Level.INFO,
                    () ->
                            "a self-signed certificate for "
                                    + String.join(", ", all)
                                    + " was made: "
                                    + file
                                    + "; browsers ask once whether to trust it");
        }
        return new TlsSettings.Store(file, PASSWORD);
    }

    private static Path folder() {
        String data = System.getenv("XDG_DATA_HOME");
        Path share =
                data == null || data.isEmpty()
                        ? Path.of(System.getProperty("user.home"), ".local", "share")
                        : Path.of(data);
        return share.resolve("microdot");
    }

    /** Returns localhost, the name of this machine, and its IPv4 addresses. */
    private static Set<String> names() throws IOException {
        var names = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"));
        String own = InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
        if (HOST_NAME.matcher(own).matches()) {
            names.add(own);
        }
        // IPv6 addresses change every day, and each change would let browsers ask again.
        Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> address.getAddress().length == 4)
                .map(InetAddress::getHostAddress)
                .limit(MAX_NAMES / 2)
                .forEach(names::add);
        return names;
    }

    private static @Nullable X509Certificate certificate(Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            byte[] bytes = Files.readAllBytes(file);
            keys.load(new ByteArrayInputStream(bytes), PASSWORD.toCharArray());
            return (X509Certificate) keys.getCertificate("microdot");
        } catch (IOException | GeneralSecurityException e) {
            LOG.log(Level.DEBUG, () -> file + " cannot be read; it is made anew", e);
            return null;
        }
    }

    private static Set<String> namesOf(X509Certificate certificate) throws IOException {
        try {
            Collection<List<?>> all = certificate.getSubjectAlternativeNames();
            return all == null
                    ? Set.of()
                    : all.stream()
                            .map(name -> String.valueOf(name.get(1)))
                            .collect(Collectors.toCollection(LinkedHashSet::new));
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static boolean isOld(X509Certificate certificate) {
        Instant end = certificate.getNotAfter().toInstant();
        return end.isBefore(Instant.now().plus(DAYS_LEFT, ChronoUnit.DAYS));
    }

    private static void make(Path file, Set<String> names) throws IOException {
        Path folder = file.getParent();
        Files.createDirectories(folder);
        Path temporary = Files.createTempDirectory(folder, "tls"); // Only its owner may read it.
        Path made = temporary.resolve("tls.p12");
        try {
            Keytool.makeKey(made, PASSWORD, DAYS, names);
            if (Files.getFileStore(made).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
            }
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(made);
            Files.deleteIfExists(temporary);
        }
    }
}
