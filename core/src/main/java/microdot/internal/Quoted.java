package microdot.internal;

import java.util.Locale;

/** Text for error messages: quoted, truncated, and with line breaks and controls escaped. */
public final class Quoted {
    private static final int SHOWN = 80;

    private Quoted() {}

    /** Returns at most 80 characters of the text, in quotes. */
    public static String of(String text) {
        return "\"" + bare(text) + "\"";
    }

    /** Returns all of the text, in quotes: for names, whose length is bounded. */
    public static String whole(String text) {
        return "\"" + bare(text, text.length()) + "\"";
    }

    /** The same as {@link #of} without the quotes. */
    public static String bare(String text) {
        return bare(text, SHOWN);
    }

    private static String bare(String text, int most) {
        var out = new StringBuilder();
        int shown = Math.min(text.length(), most);
        if (shown < text.length() && Character.isHighSurrogate(text.charAt(shown - 1))) {
            shown--;
        }
        for (int i = 0; i < shown; i++) {
            append(out, text.charAt(i));
        }
        return out.append(shown < text.length() ? "…" : "").toString();
    }

    private static void append(StringBuilder out, char c) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '"' -> out.append("\\\"");
            default -> {
                if (isControl(c)) {
                    out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                } else {
                    out.append(c);
                }
            }
        }
    }

    /** A terminal obeys U+0080 to U+009F too, and what turns the direction of text hides it. */
    private static boolean isControl(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    true;
            default -> false;
        };
    }
}
