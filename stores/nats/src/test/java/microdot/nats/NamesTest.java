package microdot.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NamesTest {
    @Test
    void textsComeBackAndTokensAreSafe() {
        var random = new Random(7);
        var tokens = new HashSet<String>();
        var texts = new HashSet<String>(List.of("", "%", "%25", "a.b", "*", ">", "%u20AC", "\0"));
        for (int i = 0; i < 2000; i++) {
            var text = new StringBuilder();
            for (int n = random.nextInt(5); n >= 0; n--) {
                text.append((char) random.nextInt(random.nextBoolean() ? 128 : 65536));
            }
            texts.add(text.toString());
        }
        for (String text : texts) {
            String token = Names.encode(text);
            assertEquals(text, Names.decode(token));
            assertTrue(token.matches("[A-Za-z0-9_%-]+"), token);
            assertTrue(tokens.add(token), "twice: " + token);
        }
    }

    @Test
    void readableTextsStayReadable() {
        assertEquals("orders-2026_A", Names.encode("orders-2026_A"));
        assertEquals("orders%2F42", Names.encode("orders/42"));
        assertEquals("%u20AC", Names.encode("€"));
    }

    @Test
    void brokenTokensAreRefused() {
        for (String token : List.of("a%", "%2", "%u12", "%zz")) {
            if (!token.equals("%")) {
                assertThrows(IllegalArgumentException.class, () -> Names.decode(token), token);
            }
        }
    }

    @Test
    void namesOfEpochsAreTenLettersAndDigits() {
        assertTrue(Names.derived("a").matches("[A-Za-z0-9]{10}"));
        assertEquals(Names.derived("a"), Names.derived("a"));
        assertTrue(!Names.derived("a").equals(Names.derived("b")));
    }
}
