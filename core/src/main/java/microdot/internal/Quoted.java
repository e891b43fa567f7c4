package microdot.internal;

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

    private static String bare(String text, int shown) {
        var out = new StringBuilder();
        text.chars().limit(shown).forEach(c -> append(out, (char) c));
        return out.append(text.length() > shown ? "…" : "").toString();
    }

    private static void append(StringBuilder out, char c) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '"' -> out.append("\\\"");
            default -> {
                if (c < ' ' || c == 127) {
                    out.append(String.format("\\u%04x", (int) c));
                } else {
                    out.append(c);
                }
            }
        }
    }
}
