package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventTest {
    private static final Event EVENT = Event.of("x");

    @ParameterizedTest
    @CsvSource({
        "'a\nb', a\\nb",
        "'a\rb', a\\rb",
        "'a\r\nb', a\\r\\nb",
        "'a\0b', a\\u0000b",
        "'\n', \\n"
    })
    void namesAndIdsThatWouldBreakTheStreamAreRejected(String value, String shown) {
        assertRejected(
                "event: \"" + shown + "\" (expected: no CR, LF or NUL)", () -> EVENT.event(value));
        assertRejected("id: \"" + shown + "\" (expected: no CR, LF or NUL)", () -> EVENT.id(value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\ud800", "\udc00a", "a\ud83d"})
    void nameThatHasNoFormInUtf8IsRejected(String name) {
        var failure = assertThrows(IllegalArgumentException.class, () -> EVENT.event(name));
        String message = String.valueOf(failure.getMessage());
        assertTrue(message.endsWith(" (expected: no half of a surrogate pair)"), message);
        assertEquals("\ud83d\ude00", EVENT.event("\ud83d\ude00").event());
    }

    @Test
    void idIsLimitedInBytes() {
        assertEquals("i".repeat(128), EVENT.id("i".repeat(128)).id());
        assertEquals("é".repeat(64), EVENT.id("é".repeat(64)).id());
        assertRejected("id: 129 bytes (expected: at most 128)", () -> EVENT.id("i".repeat(129)));
        assertRejected("id: 130 bytes (expected: at most 128)", () -> EVENT.id("é".repeat(65)));
    }

    /** The client sends the id in a header, and servers reject requests with such a header. */
    @ParameterizedTest
    @ValueSource(
            strings = {"a\u0001b", "\u007f", " ", " a", "a ", "\ta", "a\t", "\ud800", "\udc00a"})
    void idThatDoesNotSurviveHeaderIsRejected(String id) {
        String shown = Arrays.toString(id.codePoints().toArray());
        assertRejected(
                "id: "
                        + shown
                        + " as code points (expected: no control characters or halves of"
                        + " characters, no space at an end)",
                () -> EVENT.id(id));
    }

    @Test
    void retryIsLimited() {
        Duration longest = Duration.ofMillis(Integer.MAX_VALUE);
        assertEquals(longest, EVENT.retry(longest).retry());
        assertEquals(Duration.ZERO, EVENT.retry(Duration.ZERO).retry());
        assertRejected(
                "retry: PT-0.001S (expected: 0, or whole milliseconds from 1 to 2147483647)",
                () -> EVENT.retry(Duration.ofMillis(-1)));
        assertRejected(
                "retry: PT0.0009S (expected: 0, or whole milliseconds from 1 to 2147483647)",
                () -> EVENT.retry(Duration.ofNanos(900_000)));
        assertRejected(
                "retry: PT596H31M23.648S (expected: 0, or whole milliseconds from 1 to 2147483647)",
                () -> EVENT.retry(longest.plusMillis(1)));
    }

    @Test
    @SuppressWarnings("NullAway") // What callers without a null checker do.
    void nullDataIsRejected() {
        assertRejected(
                "data: null (expected: a value; \"\" for an event without text)",
                () -> Event.of(null));
    }

    @Test
    void changeReturnsCopy() {
        Event changed = EVENT.event("e").id("1").retry(Duration.ofSeconds(3));
        assertEquals("Event[data=x, event=e, id=1, retry=PT3S]", changed.toString());
        assertEquals("Event[data=x, event=null, id=null, retry=null]", EVENT.toString());
    }

    @Test
    void fieldsCanBeCleared() {
        Event changed =
                EVENT.event("e").id("1").retry(Duration.ZERO).event(null).id(null).retry(null);
        assertEquals(EVENT, changed);
        assertEquals(EVENT.hashCode(), changed.hashCode());
    }

    @Test
    void emptyIdDiffersFromNoId() {
        assertNull(EVENT.id());
        assertEquals("", EVENT.id("").id());
        assertNotEquals(EVENT, EVENT.id(""));
    }

    private static void assertRejected(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
