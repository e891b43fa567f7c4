package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpDateTest {
    private static final Instant TIME = Instant.parse("1994-11-06T08:49:37Z");

    @Test
    void formatsAndParsesTheExampleOfTheRfc() {
        assertEquals("Sun, 06 Nov 1994 08:49:37 GMT", HttpDate.format(TIME.plusMillis(999)));
        assertEquals(TIME, HttpDate.parse("Sun, 06 Nov 1994 08:49:37 GMT"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    void obsoleteFormsAreParsed(String text) {
        assertEquals(TIME, HttpDate.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Sunday, 06-Nov-1994 08:49:37 GMT",
                "Monday, 06-Nov-94 08:49:37 GMT",
                "",
                "now",
                "Mon, 06 Nov 1994 08:49:37 GMT",
                "Sun, 6 Nov 1994 08:49:37 GMT",
                "Sun, 06 Nov 1994 08:49:37 CET",
                "Sun, 31 Feb 1993 08:49:37 GMT",
                "1994-11-06T08:49:37Z"
            })
    void otherTextIsIgnored(String text) {
        assertNull(HttpDate.parse(text));
        assertNull(HttpDate.parse(null));
    }
}
