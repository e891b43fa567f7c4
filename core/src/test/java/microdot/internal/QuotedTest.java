package microdot.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class QuotedTest {
    @Test
    void textIsQuotedAndItsControlsAreEscaped() {
        assertEquals(
                "\"a \\\"b\\\"\\r\\n\\u0000 \u00fc\u20ac\"",
                Quoted.of("a \"b\"\r\n\0 \u00fc\u20ac"));
    }

    /** As a client's path in a log entry that a terminal shows. */
    @Test
    void whatATerminalWouldObeyIsEscaped() {
        assertEquals("\"\\u001b[2J\\u009b2J\\u007f\"", Quoted.of("\u001b[2J\u009b2J\u007f"));
        assertEquals("\"\\u2028\\u2029\\u202etxt.exe\"", Quoted.of("\u2028\u2029\u202etxt.exe"));
    }

    @Test
    void longTextIsTruncatedAndNoPairIsCut() {
        String most = "x".repeat(80);
        assertEquals("\"" + most + "\"", Quoted.of(most));
        assertEquals("\"" + most + "\u2026\"", Quoted.of(most + "y"));
        String pair = "\ud83d\ude00";
        String shorter = "x".repeat(79);
        assertEquals("\"" + shorter + "\u2026\"", Quoted.of(shorter + pair));
        assertEquals("\"" + shorter + pair + "\"", Quoted.whole(shorter + pair));
    }
}
