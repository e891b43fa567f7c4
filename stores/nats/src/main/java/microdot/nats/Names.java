package microdot.nats;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Texts as tokens of subjects and as values of headers, and names of epochs.
 *
 * <p>Letters, digits, {@code -} and {@code _} stay. Every other character is written as {@code
 * %2F}, or as <code>&#37;u20AC</code> above 255. So a topic stays readable in {@code nats stream
 * subjects}, and no text is refused.
 */
final class Names {
    private static final String LETTERS =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    /** The length of the names of epochs. */
    private static final int LENGTH = 10;

    private Names() {}

    /** Returns ten letters and digits that follow from a secret. */
    static String derived(String secret) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(secret.getBytes(StandardCharsets.UTF_8));
            var rest = new BigInteger(1, hash);
            var base = BigInteger.valueOf(LETTERS.length());
            var name = new StringBuilder(LENGTH);
            for (int i = 0; i < LENGTH; i++) {
                name.append(LETTERS.charAt(rest.mod(base).intValue()));
                rest = rest.divide(base);
            }
            return name.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new LinkageError("every Java has SHA-256", e);
        }
    }

    /** Returns a token for a text; {@code %} alone is the empty text. */
    static String encode(String text) {
        if (text.isEmpty()) {
            return "%";
        }
        int plain = 0;
        while (plain < text.length() && isPlain(text.charAt(plain))) {
            plain++;
        }
        if (plain == text.length()) {
            return text;
        }
        var token = new StringBuilder(text.length() * 2).append(text, 0, plain);
        for (int i = plain; i < text.length(); i++) {
            char each = text.charAt(i);
            if (isPlain(each)) {
                token.append(each);
            } else if (each < 256) {
                token.append('%').append(HEX.toHexDigits((byte) each));
            } else {
                token.append("%u").append(HEX.toHexDigits(each));
            }
        }
        return token.toString();
    }

    private static boolean isPlain(char each) {
        return (each >= 'a' && each <= 'z')
                || (each >= 'A' && each <= 'Z')
                || (each >= '0' && each <= '9')
                || each == '-'
                || each == '_';
    }

    /**
     * Returns the text of a token.
     *
     * @throws IllegalArgumentException when it is none
     */
    static String decode(String token) {
        if (token.indexOf('%') < 0) {
            return token;
        }
        if (token.equals("%")) {
            return "";
        }
        var text = new StringBuilder(token.length());
        for (int i = 0; i < token.length(); i++) {
            char each = token.charAt(i);
            if (each != '%') {
                text.append(each);
                continue;
            }
            boolean wide = i + 1 < token.length() && token.charAt(i + 1) == 'u';
            int from = wide ? i + 2 : i + 1;
            int to = from + (wide ? 4 : 2);
            if (to > token.length()) {
                throw new IllegalArgumentException(
                        "token: " + token + " (expected: two or four hex digits after %)");
            }
            text.append((char) HexFormat.fromHexDigits(token, from, to));
            i = to - 1;
        }
        return text.toString();
    }
}
