package benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a follower counts as a fault, however the stream is split into reads. */
final class FollowerTest {
    private final Faults faults = new Faults();
    private final List<Long> received = new ArrayList<>();
    private final Payload payload = new Payload(32);
    private final HttpReader reader =
            new HttpReader(new Follower(payload, faults, received::add)::take);

    @Test
    void eventsInOrderAreNotAFault() {
        read("HTTP/1.1 200 OK\r\n\r\n: hello\n\n" + event(4) + event(5) + "id: 6\n" + event(6));
        assertEquals(List.of(4L, 5L, 6L), received);
        assertEquals("none", faults.toString());
    }

    @Test
    void chunksMayBeSplitAnywhere() {
        String first = event(1) + event(2).substring(0, 20);
        String second = event(2).substring(20) + event(3);
        String response =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + chunk(first)
                        + chunk(second)
                        + "0\r\n\r\n";
        for (int i = 0; i < response.length(); i++) {
            read(response.substring(i, i + 1));
        }
        assertEquals(List.of(1L, 2L, 3L), received);
        assertEquals("none", faults.toString());
        assertEquals(1, reader.complete());
    }

    @Test
    void missingEventIsLost() {
        read("HTTP/1.1 200 OK\r\n\r\n" + event(1) + event(5));
        assertEquals("3 lost, 0 repeated, 0 corrupt, 0 ended", faults.toString());
    }

    @Test
    void eventReceivedAgainIsRepeated() {
        read("HTTP/1.1 200 OK\r\n\r\n" + event(1) + event(2) + event(1) + event(3));
        assertEquals("0 lost, 1 repeated, 0 corrupt, 0 ended", faults.toString());
    }

    @Test
    void dataThatWasNotPublishedIsCorrupt() {
        String cut = event(2).replace("abc", "ab");
        String changed = event(3).replace("klm", "kxm");
        read("HTTP/1.1 200 OK\r\n\r\n" + event(1) + cut + changed + "event: gap\ndata: {}\n\n");
        assertEquals(List.of(1L), received);
        assertEquals(3, faults.corrupt);
    }

    private void read(String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        reader.feed(bytes, 0, bytes.length);
    }

    private String event(long number) {
        return "data: " + new String(payload.of(number), US_ASCII) + "\n\n";
    }

    private static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }
}
