package microdot.internal;

/** Text for error messages: quoted, truncated, and with line breaks and controls escaped. */
public final class Quoted {
    private static final int SHOWN = 80;

    private Quoted() {}

    /** Returns at most 80 characters of the text, in quotes. */
    public static String of(String text) {
        return "\"" + bare(text) + "\"";
    }

    /** The same without the quotes. */
    public static String bare(String text) {
        var out = new StringBuilder();
        text.chars().limit(SHOWN).forEach(c -> append(out, (char) c));
        return out.append(text.length() > SHOWN ? "…" : "").toString();
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
