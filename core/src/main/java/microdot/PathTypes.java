package microdot;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import microdot.internal.Quoted;
import microdot.internal.Required;

/** The regular expressions of path segments, by their name or as they are. */
final class PathTypes {
    private static final Set<String> OWN = Set.of("int", "long", "path", "string", "re");
    private static final Pattern WORD = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*");

    private final Map<String, Pattern> byName = new ConcurrentHashMap<>();

    void put(String name, String regex) {
        Required.notNull(name, "name", "a word such as slug");
        Required.notNull(regex, "regex", "a regular expression such as [a-z0-9-]+");
        if (OWN.contains(name) || !WORD.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "name: "
                            + Quoted.of(name)
                            + " (expected: a word such as slug, none of "
                            + OWN
                            + ")");
        }
        Pattern pattern;
        try {
            pattern = Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "regex: "
                            + Quoted.of(regex)
                            + ": "
                            + e.getDescription()
                            + " (expected: a regular expression such as [a-z0-9-]+)");
        }
        Pattern known = byName.putIfAbsent(name, pattern);
        if (known != null && !known.pattern().equals(regex)) {
            throw new IllegalArgumentException(
                    "name: "
                            + Quoted.of(name)
                            + ": is "
                            + Quoted.of(known.pattern())
                            + " already (expected: one regular expression)");
        }
    }

    /**
     * Returns the pattern of a type in a path: a name, or a regular expression.
     *
     * @param path for messages
     */
    Pattern pattern(String path, String type) {
        Pattern known = byName.get(type);
        if (known != null) {
            return known;
        }
        String mistake = "no such type";
        if (!WORD.matcher(type).matches()) {
            try {
                return Pattern.compile(type);
            } catch (PatternSyntaxException e) {
                mistake = e.getDescription();
            }
        }
        throw new IllegalArgumentException(
                "path: "
                        + Quoted.of(path)
                        + ": type "
                        + Quoted.of(type)
                        + ": "
                        + mistake
                        + " (expected: int, long, path"
                        + new TreeSet<>(byName.keySet())
                                .stream().map(name -> ", " + name).collect(Collectors.joining())
                        + " or a regular expression such as [0-9a-f]+)");
    }
}
