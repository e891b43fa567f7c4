package microdot;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Header fields in the order they were given; names are compared without regard to case. Not safe
 * for several threads at once. What could break the head of a message (CR, LF, NUL, other control
 * characters) is refused with an {@link IllegalArgumentException} that says what came.
 */
public final class Headers {
    // Names and values in turn. A message has a dozen fields: walking them is as fast as hashing,
    // keeps order and repeats, and is small where a stream keeps its request for days.
    private String[] fields = {};
    private int end;
    private boolean readOnly;

    /** The first value of the field, or null. */
    public @Nullable String get(String name) {
        int at = indexOf(name, 0);
        return at < 0 ? null : fields[at + 1];
    }

    /** Every value of the field, in order; empty when there is none. */
    public List<String> all(String name) {
        var found = new ArrayList<String>();
        for (int at = indexOf(name, 0); at >= 0; at = indexOf(name, at + 2)) {
            found.add(fields[at + 1]);
        }
        return List.copyOf(found);
    }

    /** Whether the field is there. */
    public boolean contains(String name) {
        return indexOf(name, 0) >= 0;
    }

    /** Puts the field in place of all its former values. */
    public Headers set(String name, String value) {
        checkValue(name, value);
        remove(name);
        return add(name, value);
    }

    /** Adds a value to those that the field has. */
    public Headers add(String name, String value) {
        checkWritable();
        checkName(name);
        checkValue(name, value);
        if (end == fields.length) {
            fields = Arrays.copyOf(fields, Math.max(8, end * 2));
        }
        fields[end++] = name;
        fields[end++] = value;
        return this;
    }

    /** Takes the field away; nothing happens when it is not there. */
    public Headers remove(String name) {
        checkWritable();
        for (int at = indexOf(name, 0); at >= 0; at = indexOf(name, at)) {
            System.arraycopy(fields, at + 2, fields, at, end - at - 2);
            end -= 2;
        }
        return this;
    }

    /** Calls the consumer with each name and value, in order. */
    public void forEach(BiConsumer<String, String> consumer) {
        for (int i = 0; i < end; i += 2) {
            consumer.accept(fields[i], fields[i + 1]);
        }
    }

    /** The number of values. */
    public int size() {
        return end / 2;
    }

    /** From now on a change is an {@link IllegalStateException}. */
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
        boolean token = !name.isEmpty();
        for (int i = 0; i < name.length(); i++) {
            token &= isTokenCharacter(name.charAt(i));
        }
        if (!token) {
            throw new IllegalArgumentException(
                    "header name: " + Quoted.of(name) + " (expected: an RFC 9110 token)");
        }
    }

    private static boolean isTokenCharacter(char c) {
        return (c >= '0' && c <= '9')
                || (c >= 'A' && c <= 'Z')
                || (c >= 'a' && c <= 'z')
                || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }

    private static void checkValue(String name, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            // Above 255 the wire has no way to say it; Latin-1 is what HTTP/1.1 carries.
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
