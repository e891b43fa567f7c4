package microdot;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Header fields in the order they were given; names are compared without regard to case. Not safe
 * for several threads at once. What could break the head of a message (CR, LF, NUL, other control
 * characters) is refused with an {@link IllegalArgumentException} that says what came.
 */
public final class Headers {
    // A message has a dozen fields: walking a list is as fast as hashing and keeps order and
    // repeats.
    private final List<String> names = new ArrayList<>();
    private final List<String> values = new ArrayList<>();
    private boolean readOnly;

    /** The first value of the field, or null. */
    public @Nullable String get(String name) {
        int at = indexOf(name, 0);
        return at < 0 ? null : values.get(at);
    }

    /** Every value of the field, in order; empty when there is none. */
    public List<String> all(String name) {
        var found = new ArrayList<String>();
        for (int at = indexOf(name, 0); at >= 0; at = indexOf(name, at + 1)) {
            found.add(values.get(at));
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
        names.add(checkName(name));
        values.add(checkValue(name, value));
        return this;
    }

    /** Takes the field away; nothing happens when it is not there. */
    public Headers remove(String name) {
        checkWritable();
        for (int at = indexOf(name, 0); at >= 0; at = indexOf(name, at)) {
            names.remove(at);
            values.remove(at);
        }
        return this;
    }

    /** Calls the consumer with each name and value, in order. */
    public void forEach(BiConsumer<String, String> consumer) {
        for (int i = 0; i < names.size(); i++) {
            consumer.accept(names.get(i), values.get(i));
        }
    }

    /** The number of values. */
    public int size() {
        return names.size();
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
        for (int i = from; i < names.size(); i++) {
            if (names.get(i).equalsIgnoreCase(name)) {
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

    private static String checkName(String name) {
        boolean token = !name.isEmpty() && name.chars().allMatch(Headers::isTokenCharacter);
        if (!token) {
            throw new IllegalArgumentException(
                    "header name: " + Quoted.of(name) + " (expected: an RFC 9110 token)");
        }
        return name;
    }

    private static boolean isTokenCharacter(int c) {
        return (c >= '0' && c <= '9')
                || (c >= 'A' && c <= 'Z')
                || (c >= 'a' && c <= 'z')
                || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }

    private static String checkValue(String name, String value) {
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
        return value;
    }
}
