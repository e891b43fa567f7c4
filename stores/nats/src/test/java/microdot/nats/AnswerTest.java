package microdot.nats;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class AnswerTest {
    private static long plain(String json) {
        return Answer.plainSequence(json.getBytes(UTF_8));
    }

    @Test
    void onlyPlainAnswersAreReadWithoutAParser() {
        assertEquals(12, plain("{\"stream\":\"app\",\"seq\":12}"));
        assertEquals(
                9_000_000_000L,
                plain("{\"stream\":\"app\", \"domain\":\"x\", \"seq\":9000000000}"));
        assertEquals(0, plain("{\"stream\":\"app\", \"seq\":12,\"duplicate\": true}"));
        assertEquals(0, plain("{\"stream\":\"app\",\"xseq\":12,\"a\":4}"));
        assertEquals(0, plain("{\"error\":{\"code\":503,\"err_code\":10077}"));
        for (String broken : new String[] {"", "}", "5}", "\"seq\":5}", "{\"seq\":}"}) {
            assertEquals(0, plain(broken), broken);
        }
    }
}
