package microdot;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import microdot.internal.Quoted;

/**
 * The path of a route. Its segments are {@code /fixed}, {@code /{name}} (one segment, not empty),
 * {@code /{name:int}} and {@code /{name:long}} (a number with an optional minus), {@code
 * /{name:[0-9a-f]+}} (a segment that matches a regular expression), and in the last place {@code
 * /{name:path}} (the rest of the path, slashes included, which may be empty).
 */
final class PathPattern {
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,19}");
    private static final Pattern ENCODED = Pattern.compile("%[0-9A-Fa-f]{2}");

    private sealed interface Segment {
        String name();
    }

    private record Fixed(String text) implements Segment {
        @Override
        public String name() {
            return "";
        }
    }

    private record Any(String name) implements Segment {}

    private record Int(String name) implements Segment {}

    private record LongInt(String name) implements Segment {}

    private record Matching(String name, Pattern pattern) implements Segment {}

    private record Rest(String name) implements Segment {}

    private final String text;
    private final List<Segment> segments;
    private final boolean names;

    PathPattern(String text, PathTypes types) {
        this(text, split(text), types);
    }

    private PathPattern(String text, List<String> parts, PathTypes types) {
        this.text = text;
        this.segments = parts.stream().map(part -> parse(text, part, types)).toList();
        this.names = !checkedNames().isEmpty();
    }

    /** The prefix of a mount: a slash at the end is ignored, and "/" alone matches no segment. */
    static PathPattern prefix(String text, PathTypes types) {
        String bare = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        return new PathPattern(text, bare.isEmpty() ? List.of() : split(bare), types);
    }

    private static List<String> split(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException(
                    "path: " + Quoted.of(text) + " (expected: a path that starts with /)");
        }
        return Arrays.asList(text.substring(1).split("/", -1));
    }

    private static Segment parse(String path, String part, PathTypes types) {
        if (part.startsWith("<") && part.endsWith(">")) {
            throw new IllegalArgumentException(
                    "path: "
                            + Quoted.of(path)
                            + ": "
                            + Quoted.of(part)
                            + " (expected: "
                            + inBraces(part)
                            + ")");
        }
        if (!part.startsWith("{") || !part.endsWith("}")) {
            if (part.indexOf('{') >= 0 || part.indexOf('}') >= 0) {
                throw new IllegalArgumentException(
                        "path: "
                                + Quoted.of(path)
                                + ": "
                                + Quoted.of(part)
                                + " (expected: {name} as a whole segment)");
            }
            checkFixed(path, part);
            return new Fixed(part);
        }
        String[] inside = part.substring(1, part.length() - 1).split(":", 2);
        if (!inside[0].matches("[A-Za-z_][A-Za-z0-9_]*")) {
            throw new IllegalArgumentException(
                    "path: "
                            + Quoted.of(path)
                            + ": "
                            + Quoted.of(part)
                            + " (expected: a name of letters, digits and _)");
        }
        return switch (inside.length == 1 ? "" : inside[1]) {
            case "" -> new Any(inside[0]);
            case "int" -> new Int(inside[0]);
            case "long" -> new LongInt(inside[0]);
            case "path" -> new Rest(inside[0]);
            default -> new Matching(inside[0], types.pattern(path, inside[1]));
        };
    }

    /** Refuses what other frameworks use, and what no request ever has in its path. */
    private static void checkFixed(String path, String part) {
        String expected = null;
        if (part.startsWith(":")) {
            expected = "{" + part.substring(1) + "}";
        } else if (part.startsWith("*")) {
            expected = "{name} for one segment, {path:path} for the rest of the path";
        } else if (part.indexOf('?') >= 0) {
            expected = "no query; request.query(name) reads it";
        } else if (part.indexOf('#') >= 0) {
            expected = "no #; clients do not send what follows it";
        } else if (ENCODED.matcher(part).find()) {
            expected = "decoded, as a space instead of %20";
        }
        if (expected != null) {
            throw new IllegalArgumentException(
                    "path: "
                            + Quoted.of(path)
                            + ": "
                            + Quoted.of(part)
                            + " (expected: "
                            + expected
                            + ")");
        }
    }

    /** Python's {@code <int:id>} is {@code {id:int}} here. */
    private static String inBraces(String part) {
        String[] inside = part.substring(1, part.length() - 1).split(":", 2);
        if (inside.length == 1) {
            return "{" + inside[0] + "}";
        }
        return "{" + inside[1] + (inside[0].equals("string") ? "" : ":" + inside[0]) + "}";
    }

    private Set<String> checkedNames() {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            if (!segment.name().isEmpty() && !names.add(segment.name())) {
                throw new IllegalArgumentException(
                        "path: " + Quoted.of(text) + " (expected: each name only once)");
            }
            if (segment instanceof Rest && i < segments.size() - 1) {
                throw new IllegalArgumentException(
                        "path: "
                                + Quoted.of(text)
                                + " (expected: {name:path} as the last segment)");
            }
        }
        return names;
    }

    /** Returns whether the two patterns differ at most in the names of their parts. */
    boolean matchesAsMuchAs(PathPattern other) {
        if (segments.size() != other.segments.size()) {
            return false;
        }
        for (int i = 0; i < segments.size(); i++) {
            Segment mine = segments.get(i);
            Segment others = other.segments.get(i);
            if (!matchesAsMuch(mine, others)) {
                return false;
            }
        }
        return true;
    }

    private static boolean matchesAsMuch(Segment one, Segment other) {
        if (one instanceof Fixed) {
            return one.equals(other);
        }
        if (one instanceof Matching mine && other instanceof Matching others) {
            return mine.pattern().pattern().equals(others.pattern().pattern());
        }
        return one.getClass().equals(other.getClass());
    }

    /** Returns whether the pattern matches the whole path from a segment on. */
    boolean matches(List<String> path, int from) {
        // The root of a mounted application also matches the prefix itself.
        boolean mountedRoot = from > 0 && from == path.size() && text.equals("/");
        return mountedRoot || match(path, from) == path.size();
    }

    /** Returns the index after the segments that match, or -1. */
    int match(List<String> path, int from) {
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            int at = from + i;
            if (segment instanceof Rest) {
                return path.size();
            }
            if (at >= path.size() || !fits(segment, path.get(at))) {
                return -1;
            }
        }
        return from + segments.size();
    }

    private static boolean fits(Segment segment, String value) {
        return switch (segment) {
            case Fixed fixed -> fixed.text().equals(value);
            case Any any -> !value.isEmpty();
            case Int number -> isWithin(value, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case LongInt number -> isWithin(value, Long.MIN_VALUE, Long.MAX_VALUE);
            case Matching matching -> matching.pattern().matcher(value).matches();
            case Rest rest -> throw new AssertionError("match handles the rest");
        };
    }

    /** Returns the named parts of a path that matches from a segment on, added to earlier ones. */
    Map<String, String> params(List<String> path, int from, Map<String, String> before) {
        if (!names) {
            return before;
        }
        var params = new HashMap<>(before);
        for (int i = 0; i < segments.size(); i++) {
            int at = Math.min(from + i, path.size()); // The rest may be empty.
            switch (segments.get(i)) {
                case Fixed fixed -> {}
                case Any any -> params.put(any.name(), path.get(at));
                case Int number -> params.put(number.name(), path.get(at));
                case LongInt number -> params.put(number.name(), path.get(at));
                case Matching matching -> params.put(matching.name(), path.get(at));
                case Rest rest ->
                        params.put(rest.name(), String.join("/", path.subList(at, path.size())));
            }
        }
        return params;
    }

    private static boolean isWithin(String value, long least, long most) {
        if (!INTEGER.matcher(value).matches()) {
            return false;
        }
        try {
            long number = Long.parseLong(value);
            return number >= least && number <= most;
        } catch (NumberFormatException e) {
            return false; // Nineteen digits may be too many.
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
