package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathPatternTest {
    /** What the pattern names in the path; null when it does not fit. */
    private static @Nullable Map<String, String> match(String pattern, String path) {
        var fixed = new PathPattern(pattern, new PathTypes());
        List<String> segments = RequestTarget.parse("GET", path).segments();
        return fixed.matches(segments, 0) ? fixed.params(segments, 0, Map.of()) : null;
    }

    @ParameterizedTest
    @CsvSource({
        "/, /, {}",
        "/a/b, /a/b, {}",
        "/a/, /a/, {}",
        "/{x}, /v, {x=v}",
        "/{x}/b, /v/b, {x=v}",
        "/{x}, /a%2Fb, {x=a/b}",
        "/{x}, /a+b%20c, {x=a+b c}",
        "/{x}, /%C3%A4, {x=ä}",
        "/{n:int}, /7, {n=7}",
        "/{n:int}, /-7, {n=-7}",
        "/{n:int}, /2147483647, {n=2147483647}",
        "/{n:int}, /-2147483648, {n=-2147483648}",
        "/{n:int}, /007, {n=007}",
        "/a/{rest:path}, /a/b/c, {rest=b/c}",
        "/a/{rest:path}, /a/b//c/, {rest=b//c/}",
        "/a/{rest:path}, /a/, {rest=}",
        "/a/{rest:path}, /a, {rest=}",
        "/{rest:path}, /, {rest=}",
    })
    void patternMatches(String pattern, String path, String params) {
        assertEquals(params, String.valueOf(match(pattern, path)));
    }

    @ParameterizedTest
    @CsvSource({
        "/, /a",
        "/a, /A",
        "/a, /a/",
        "/a/, /a",
        "/a, /",
        "/a/b, /a",
        "/a, /a/b",
        "/a/b, /a%2Fb",
        "/{x}, /",
        "/{x}/b, //b",
        "/{x}, /a/b",
        "/{n:int}, /2147483648",
        "/{n:int}, /-2147483649",
        "/{n:int}, /99999999999999999999",
        "/{n:int}, /+7",
        "/{n:int}, /7.0",
        "/{n:int}, /-",
        "/{n:int}, /٧",
        "/a/{rest:path}, /b/c",
    })
    void patternDoesNotMatch(String pattern, String path) {
        assertEquals("null", String.valueOf(match(pattern, path)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "{x}",
                "/x{y}",
                "/{x}y",
                "/{",
                "/}",
                "/{}",
                "/{1}",
                "/{a b}",
                "/{x:float}",
                "/{x:}y",
                "/{x}/{x}",
                "/{x:path}/a"
            })
    void malformedPatternIsRejected(String pattern) {
        var error =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new PathPattern(pattern, new PathTypes()));
        assertFalse(String.valueOf(error.getMessage()).isEmpty());
    }

    @Test
    void messageNamesThePatternAndWhatWasExpected() {
        var error =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new PathPattern("/{x:float}", new PathTypes()));
        assertEquals(
                "path: \"/{x:float}\": type \"float\": no such type (expected: int, long, path or a"
                        + " regular expression such as [0-9a-f]+)",
                error.getMessage());
    }

    @Test
    void placeholderOfPythonIsRejectedWithTheRightSpelling() {
        Map.of(
                        "/users/<int:id>", "{id:int}",
                        "/users/<id>", "{id}",
                        "/users/<string:id>", "{id}",
                        "/files/<path:rest>", "{rest:path}")
                .forEach(
                        (pattern, right) -> {
                            var error =
                                    assertThrows(
                                            IllegalArgumentException.class,
                                            () -> new PathPattern(pattern, new PathTypes()));
                            String said = String.valueOf(error.getMessage());
                            assertTrue(said.endsWith("(expected: " + right + ")"), said);
                        });
    }

    @ParameterizedTest
    @CsvSource({
        "/{x:long}, 9223372036854775807, true",
        "/{x:long}, -9223372036854775808, true",
        "/{x:long}, 9223372036854775808, false",
        "/{x:long}, 99999999999999999999, false",
        "/{x:long}, 1a, false",
        "/{x:int}, 2147483648, false",
        "/{x:[0-9a-f]+}, 0aff, true",
        "/{x:[0-9a-f]+}, 0afg, false",
        "/{x:[0-9]{4}}, 2026, true",
        "/{x:a|bc}, bc, true",
        "/{x:a|bc}, abc, false"
    })
    void typeOfAPartDecidesWhetherItMatches(String pattern, String segment, boolean is) {
        assertEquals(is, new PathPattern(pattern, new PathTypes()).matches(List.of(segment), 0));
    }

    @Test
    void malformedRegularExpressionIsRejected() {
        var error =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new PathPattern("/{x:[0-9}", new PathTypes()));
        String said = String.valueOf(error.getMessage());
        assertTrue(said.contains("Unclosed character class"), said);
    }

    @Test
    void patternsOfTheSameShapeMatchAsMuch() {
        assertTrue(
                new PathPattern("/{a:[0-9]+}", new PathTypes())
                        .matchesAsMuchAs(new PathPattern("/{b:[0-9]+}", new PathTypes())));
        assertFalse(
                new PathPattern("/{a:[0-9]+}", new PathTypes())
                        .matchesAsMuchAs(new PathPattern("/{b:[a-z]+}", new PathTypes())));
        assertFalse(
                new PathPattern("/{a:int}", new PathTypes())
                        .matchesAsMuchAs(new PathPattern("/{a:long}", new PathTypes())));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/w/:id | :id | {id}",
                "/files/* | * | {path:path}",
                "/**/x | ** | {path:path}",
                "/z?x=1 | z?x=1 | request.query(name)",
                "/a#b | a#b | no #",
                "/a%20b | a%20b | decoded",
            })
    void spellingOfOtherFrameworksIsRefusedWithTheRightOne(
            String path, String part, String expected) {
        var refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new PathPattern(path, new PathTypes()));
        String message = String.valueOf(refused.getMessage());
        assertTrue(
                message.startsWith("path: \"" + path + "\": \"" + part + "\" (expected: "),
                message);
        assertTrue(message.contains(expected), message);
    }

    @Test
    void colonAndPercentInsideASegmentAreAllowed() {
        assertEquals(Map.of(), match("/items:batch", "/items:batch"));
        assertEquals(Map.of(), match("/100%", "/100%25"));
    }

    @Test
    void registeredTypeMatchesItsRegularExpression() {
        var types = new PathTypes();
        types.put("slug", "[a-z-]+");
        types.put("slug", "[a-z-]+");
        var pattern = new PathPattern("/{x:slug}", types);
        assertTrue(pattern.matches(List.of("a-b"), 0));
        assertFalse(pattern.matches(List.of("A"), 0));
        assertRefused("name: \"slug\": is \"[a-z-]+\" already", () -> types.put("slug", "x"));
        assertRefused("name: \"int\"", () -> types.put("int", "x"));
        assertRefused("regex: \"[\"", () -> types.put("y", "["));
        assertRefused(
                "path: \"/{x:slugs}\": type \"slugs\": no such type (expected: int, long, path,"
                        + " slug or a regular expression",
                () -> new PathPattern("/{x:slugs}", types));
    }

    private static void assertRefused(String message, Executable call) {
        var refused = assertThrows(IllegalArgumentException.class, call);
        assertTrue(String.valueOf(refused.getMessage()).startsWith(message), refused::getMessage);
    }
}
