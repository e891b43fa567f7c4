package microdot.internal;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Gives a transport the path of a request with its percent-encodings, for a redirect. */
public final class RawPath {
    private static volatile @Nullable UnaryOperator<Object> reader;

    private RawPath() {}

    /**
     * The static initializer of the request's class calls it.
     *
     * @param read returns, for a request, its encoded path
     */
    public static void register(UnaryOperator<Object> read) {
        reader = read;
    }

    /** Returns the encoded path of a request; it begins with a slash. */
    public static String of(Object request) {
        UnaryOperator<Object> read = reader;
        return read == null ? "/" : read.apply(request).toString();
    }
}
