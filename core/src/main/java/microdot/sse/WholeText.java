package microdot.sse;

import java.util.Arrays;
import microdot.internal.RefusedValueException;

/** Refuses halves of surrogate pairs, where a text must be the same for every engine and client. */
final class WholeText {
    private WholeText() {}

    /**
     * Returns the text.
     *
     * @param what the text is, for the message
     */
    static String checked(String what, String text) {
        if (hasHalf(text)) {
            throw new RefusedValueException(
                    what
                            + ": "
                            + Arrays.toString(text.codePoints().toArray())
                            + " as code points (expected: no half of a surrogate pair)",
                    text,
                    WholeText::hasHalf);
        }
        return text;
    }

    /** In UTF-8 it would be another text, and two of them the same. */
    private static boolean hasHalf(String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                boolean whole =
                        i + 1 < length
                                && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
                if (!whole) {
                    return true;
                }
                i++;
            }
        }
        return false;
    }
}
