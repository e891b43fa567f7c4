package dashboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreChoiceTest {
    @ParameterizedTest
    @CsvSource({
        "sqlite:a/b.db, sqlite, a/b.db",
        "redis:redis://host:1/0, redis, redis://host:1/0",
        "redis://host, redis, redis://host",
        "rediss://host, redis, rediss://host",
        "redis-sentinel://host/0#name, redis, redis-sentinel://host/0#name",
        "nats://host:4222, nats, nats://host:4222",
        "nats:tls://host, nats, tls://host"
    })
    void engineHasAPlace(String text, String engine, String place) {
        StoreChoice choice = StoreChoice.of(text);
        assertEquals(engine, choice.engine());
        assertEquals(place, choice.place());
        assertEquals(choice, StoreChoice.of(choice.text()));
    }

    @Test
    void engineAloneIsStartedOrHasAFileOfTheUser() {
        assertTrue(StoreChoice.of("redis").needsEngine());
        assertTrue(StoreChoice.of("nats").needsEngine());
        StoreChoice sqlite = StoreChoice.of("sqlite");
        assertTrue(!sqlite.needsEngine() && sqlite.place().endsWith("microdot/demo.db"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "mysql", "sqlite:", "redis:", "sqlite://file", "http://host"})
    void otherTextIsRejectedWithWhatWasExpected(String text) {
        var refused = assertThrows(IllegalArgumentException.class, () -> StoreChoice.of(text));
        assertEquals(
                "--store: " + text + " (expected: sqlite[:FILE], redis[:URL] or nats[:URL])",
                refused.getMessage());
    }
}
