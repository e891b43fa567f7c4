package microdot.netty.proxy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a list field, from the last to the first: each proxy adds its own at the end, so
 * that what the client sent is read last, or never. Empty elements are skipped.
 */
final class ListFromEnd {
    private final List<String> lines;
    private final boolean quotes;
    private int line;
    private int end; // Of what is unread in the line; -1 if nothing is.

    /**
     * @param lines the values of the field, in order
     * @param quotes whether a comma between quotes separates nothing
     */
    ListFromEnd(List<String> lines, boolean quotes) {
        this.lines = lines;
        this.quotes = quotes;
        this.line = lines.size();
        this.end = -1;
    }

    /** Returns the element before the one that was returned last; null if there is none. */
    @Nullable String next() {
        while (end >= 0 || line > 0) {
            if (end < 0) {
                line--;
                end = lines.get(line).length();
            }
            String text = lines.get(line);
            int comma = commaBefore(text, end);
            String element = text.substring(comma + 1, end).strip();
            end = comma;
            if (!element.isEmpty()) {
                return element;
            }
        }
        return null;
    }

    private int commaBefore(String text, int end) {
        boolean quoted = false;
        for (int i = end - 1; i >= 0; i--) {
            char c = text.charAt(i);
            if (c == '"' && quotes) {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                return i;
            }
        }
        return -1;
    }
}
