package microdot.internal;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an application has set for TLS, as a transport needs it.
 *
 * @param sources where the certificates of the server come from; the first one is the default
 * @param authorities a file with the certificates that sign those of clients; null if clients are
 *     not asked for one
 * @param required whether a client without a certificate is refused
 */
public record TlsSettings(List<Source> sources, @Nullable Path authorities, boolean required) {
    private static volatile @Nullable Function<Object, TlsSettings> reader;

    /**
     * The static initializer of the class of the setting calls it.
     *
     * @param read returns what a setting contains
     */
    public static void register(Function<Object, TlsSettings> read) {
        reader = read;
    }

    /** Returns what a setting contains. */
    public static TlsSettings of(Object tls) {
        return Objects.requireNonNull(reader).apply(tls);
    }

    /** Where a private key and its certificates come from. */
    public sealed interface Source {
        /** Returns the files that are read, for messages and to notice changes. */
        List<Path> files();
    }

    /** Two files in the PEM format. */
    public record Pem(Path chain, Path key) implements Source {
        @Override
        public List<Path> files() {
            return List.of(chain, key);
        }
    }

    /** A file of Java's key store, in the PKCS #12 or the JKS format. */
    public record Store(Path path, String password) implements Source {
        @Override
        public List<Path> files() {
            return List.of(path);
        }

        /** Returns a text without the password. */
        @Override
        public String toString() {
            return "Store[path=" + path + "]";
        }
    }

    /** A certificate that the transport makes itself. */
    public record SelfSigned() implements Source {
        @Override
        public List<Path> files() {
            return List.of();
        }
    }
}
