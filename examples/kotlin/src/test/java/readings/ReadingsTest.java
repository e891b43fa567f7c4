package readings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import microdot.sse.Topics;
import microdot.testing.TestClient;
import microdot.testing.TestStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The application of Readings.kt. */
@Timeout(60)
class ReadingsTest {
    @Test
    void readingsAreStreamedAndAlarmsComeFromAFlow() {
        try (var topics = new Topics();
                var client = new TestClient(ReadingsKt.readings(topics))) {
            TestStream readings = client.stream("/readings");
            TestStream alarms = client.stream("/alarms");
            for (String celsius : new String[] {"21.5", "31.5", "29.0", "33.0"}) {
                assertEquals(
                        204, client.request("POST", "/readings").text(celsius).send().status());
                assertEquals(celsius, readings.next().data());
            }
            assertEquals("{\"celsius\":31.5}", alarms.next().data());
            assertEquals("{\"celsius\":33.0}", alarms.next().data());
            assertEquals("Post a temperature to /readings", client.get("/").text());
            readings.close();
            alarms.close();
        }
    }
}
