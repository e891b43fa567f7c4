package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class AccessLogTest {
    private static AccessLogEntry entry(String path, boolean stream, Outcome outcome) {
        return new AccessLogEntry("192.0.2.7", "GET", path, "GET /{p:path}", stream, outcome);
    }

    private static Outcome sent(int status, long bytes) {
        return new Outcome(status, bytes, 0, Duration.ofMillis(12), null, null);
    }

    private static Outcome ended(CloseReason reason) {
        return new Outcome(200, 18_233, 120, Duration.ofMillis(61_204), reason, null);
    }

    @Test
    void lineOfAResponse() {
        assertEquals(
                "192.0.2.7 GET /hello 200 bytes=5 seconds=0.012",
                AccessLogLines.standard(entry("/hello", false, sent(200, 5))));
    }

    @Test
    void lineOfAClientWithoutAnAddress() {
        var entry = new AccessLogEntry("", "GET", "/hello", null, false, sent(200, 5));
        assertEquals("- GET /hello 200 bytes=5 seconds=0.012", AccessLogLines.standard(entry));
    }

    @Test
    void lineOfAStream() {
        assertEquals(
                "192.0.2.7 GET /events 200 bytes=18233 events=120 seconds=61.204 end=CLIENT_CLOSED",
                AccessLogLines.standard(entry("/events", true, ended(CloseReason.CLIENT_CLOSED))));
    }

    @Test
    void pathOfAClientCannotForgeALineOrAField() {
        String line =
                AccessLogLines.standard(
                        entry("/a b\r\n192.0.2.8 GET /x\u001b[31m\u2028é", false, sent(404, 9)));
        assertEquals(
                "192.0.2.7 GET /a\\u0020b\\u000d\\u000a192.0.2.8\\u0020GET\\u0020/x\\u001b[31m\\u2028é"
                        + " 404 bytes=9 seconds=0.012",
                line);
    }

    @Test
    void jsonOfAStream() {
        assertEquals(
                "{\"client\":\"192.0.2.7\",\"method\":\"GET\",\"path\":\"/a\\n\\\"b\","
                        + "\"route\":\"GET /{p:path}\",\"status\":200,\"bytes\":18233,"
                        + "\"events\":120,\"seconds\":61.204,\"end\":\"DEADLINE\"}",
                AccessLogLines.json(entry("/a\n\"b", true, ended(CloseReason.DEADLINE))));
    }

    @Test
    void linesGoToTheLoggerOfTheAccessLog() {
        List<String> lines = new ArrayList<>();
        Logger logger = Logger.getLogger("microdot.access");
        var handler =
                new Handler() {
                    @Override
                    public void publish(LogRecord line) {
                        lines.add(line.getLevel() + " " + line.getMessage());
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        logger.addHandler(handler);
        try {
            AccessLog.standard().log(entry("/hello", false, sent(200, 5)));
        } finally {
            logger.removeHandler(handler);
        }
        assertEquals(List.of("INFO 192.0.2.7 GET /hello 200 bytes=5 seconds=0.012"), lines);
    }

    @Test
    void systemPropertyTurnsItOn() {
        assertNull(new ServerOptions().accessLog());
        System.setProperty("microdot.accessLog", "json");
        try {
            assertFalse(new ServerOptions().accessLog() == null);
            System.setProperty("microdot.accessLog", "xml");
            String message =
                    assertThrows(IllegalArgumentException.class, ServerOptions::new).getMessage();
            assertEquals("microdot.accessLog: xml (expected: standard or json)", message);
        } finally {
            System.clearProperty("microdot.accessLog");
        }
    }
}
