package microdot.internal;

import java.util.function.BiPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A text is not allowed where it was used: the name of a topic, the name or the id of an event. If
 * the client sent the text, the request is at fault, and not the application.
 */
public final class RefusedValueException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private static volatile @Nullable BiPredicate<Object, Predicate<String>> reader;

    private final String value;
    private final transient Predicate<String> refused;

    /**
     * Creates an exception.
     *
     * @param refused whether a text is not allowed there
     */
    public RefusedValueException(String message, String value, Predicate<String> refused) {
        super(message);
        this.value = value;
        this.refused = refused;
    }

    /**
     * The static initializer of the request's class calls it.
     *
     * @param read returns, for a request, whether the client sent a text that the predicate accepts
     */
    public static void register(BiPredicate<Object, Predicate<String>> read) {
        reader = read;
    }

    /**
     * Returns whether the client of the request is at fault: it sent the whole text, or a part
     * without which the text would be allowed, and which is refused by itself or is most of it.
     * Other parts, such as a digit, are in the text by chance.
     */
    public boolean isFaultOf(Object request) {
        BiPredicate<Object, Predicate<String>> read = reader;
        return read != null && read.test(request, this::isBecauseOf);
    }

    private boolean isBecauseOf(String sent) {
        if (sent.equals(value)) {
            return true; // Also the empty text, which an application does not make up by chance.
        }
        int at = sent.isEmpty() ? -1 : value.indexOf(sent);
        boolean likely = sent.length() * 2 >= value.length() || refused.test(sent);
        return at >= 0
                && likely
                && !refused.test(value.substring(0, at) + value.substring(at + sent.length()));
    }
}
