package microdot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import microdot.internal.Quoted;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * Header fields in the order they were added. Names are case-insensitive. Values that could break
 * the head of a message (CR, LF, NUL, other control characters) throw an {@link
 * IllegalArgumentException} that shows the value. Not safe for use by several threads at the same
 * time.
 */
public final class Headers {
    // Names and values alternate. A message has a dozen fields: a linear search is as fast as
    // hashing, keeps order and repeated fields, and is small, because a stream keeps its request
    // for days.
    private String[] fields = {};
    private int end;
    private boolean readOnly;

    /** Returns the first value of the field, or null. */
    public @Nullable String get(String name) {
        int at = indexOf(name, 0);
        return at < 0 ? null : fields[at + 1];
    }

    /** Returns every value of the field, in order; empty when the field is absent. */
    public List<String> all(String name) {
        var found = new ArrayList<String>();
        for (int at = indexOf(name, 0); at >= 0; at = indexOf(name, at + 2)) {
            found.add(fields[at + 1]);
        }
        return List.copyOf(found);
    }

    /** Returns whether the field is present. */
    public boolean contains(String name) {
        return indexOf(name, 0) >= 0;
    }

    /** Sets the field and replaces all its former values. */
    public Headers set(String name, String value) {
        checkValue(name, value);
        remove(name);
        return add(name, value);
    }

    /** Adds a value to the values of the field. */
    public Headers add(String name, String value) {
        checkName(name);
        checkValue(name, value);
        checkWritable();
        if (end == fields.length) {
            fields = Arrays.copyOf(fields, Math.max(8, end * 2));
        }
        fields[end++] = name;
        fields[end++] = value;
        return this;
    }

    void addAll(Headers others) {
        fields = Arrays.copyOf(others.fields, others.end);
        end = others.end;
    }

    /** Removes the field; does nothing when it is absent. */
    public Headers remove(String name) {
        Required.notNull(name, "header name", "a name such as Accept");
        checkWritable();
        for (int at = indexOf(name, 0); at >= 0; at = indexOf(name, at)) {
            System.arraycopy(fields, at + 2, fields, at, end - at - 2);
            end -= 2;
        }
        return this;
    }

    /** Calls the consumer with each name and value, in order. */
    public void forEach(BiConsumer<String, String> consumer) {
        Required.notNull(consumer, "consumer", "a function");
        for (int i = 0; i < end; i += 2) {
            consumer.accept(fields[i], fields[i + 1]);
        }
    }

    /** Returns the number of values. */
    public int size() {
        return end / 2;
    }

    /** Makes every later change throw an {@link IllegalStateException}. */
    public Headers readOnly() {
        readOnly = true;
        return this;
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
        return text.toString();
    }

    private int indexOf(String name, int from) {
        Required.notNull(name, "header name", "a name such as Accept");
        for (int i = from; i < end; i += 2) {
            if (fields[i].equalsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }

    private void checkWritable() {
        if (readOnly) {
            throw new IllegalStateException("the headers of a request cannot be changed");
        }
    }

    private static void checkName(String name) {
        Required.notNull(name, "header name", "an RFC 9110 token");
        if (!isToken(name)) {
            throw new IllegalArgumentException(
                    "header name: " + Quoted.of(name) + " (expected: an RFC 9110 token)");
        }
    }

    /** Returns whether the text is a token (RFC 9110, section 5.6.2). */
    static boolean isToken(String text) {
        boolean token = !text.isEmpty();
        for (int i = 0; i < text.length(); i++) {
            token &= isTokenCharacter(text.charAt(i));
        }
        return token;
    }

    private static boolean isTokenCharacter(char c) {
        return (c >= '0' && c <= '9')
                || (c >= 'A' && c <= 'Z')
                || (c >= 'a' && c <= 'z')
                || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }

    private static void checkValue(String name, String value) {
        Required.notNull(name, "header name", "an RFC 9110 token");
        Required.notNull(value, "header value", "a text");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            // HTTP/1.1 transfers Latin-1: a character above 255 cannot be sent.
            if ((c < ' ' && c != '\t') || c == 127 || c > 255) {
                throw new IllegalArgumentException(
                        "header "
                                + name
                                + ": "
                                + Quoted.of(value)
                                + " (expected: no CR, LF, NUL or other control character, none above U+00FF)");
            }
        }
    }
}
