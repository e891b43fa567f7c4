package microdot.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Runs the cases of {@code src/test/resources/wire}; the README there describes them. */
class WireCasesTest {
    private static final JsonCodec JSON = JsonCodec.standard();

    record Detection(String label, double score, List<Integer> box) {}

    @TestFactory
    Stream<DynamicTest> theBytesAreAsTheCaseSays() throws Exception {
        return cases().stream()
                .map(
                        folder ->
                                dynamicTest(
                                        folder.getFileName().toString(),
                                        uri(folder),
                                        () -> check(folder)));
    }

    @Test
    void casesAreFound() throws Exception {
        assertTrue(cases().size() >= 25, () -> "too few wire cases: is the folder read?");
    }

    private static List<Path> cases() throws IOException, URISyntaxException {
        URL wire = Objects.requireNonNull(WireCasesTest.class.getResource("/wire"));
        try (var entries = Files.list(Path.of(wire.toURI()))) {
            return entries.filter(Files::isDirectory).sorted().toList();
        }
    }

    private static URI uri(Path folder) {
        return folder.resolve("input.json").toUri();
    }

    private static void check(Path folder) throws IOException {
        Map<?, ?> input = JSON.decode(Files.readAllBytes(folder.resolve("input.json")), Map.class);
        byte[] expected = Files.readAllBytes(folder.resolve("expected.txt"));
        // In Latin-1 a failure shows each byte.
        assertEquals(new String(expected, ISO_8859_1), new String(encoded(input), ISO_8859_1));
    }

    private static byte[] encoded(Map<?, ?> input) {
        if (input.get("comment") instanceof String comment) {
            return EventEncoder.comment(comment);
        }
        Event event = Event.of(data(input)).event(text(input, "event")).id(text(input, "id"));
        Object retry = input.get("retry");
        return EventEncoder.encode(
                retry instanceof Integer ms ? event.retry(Duration.ofMillis(ms)) : event, JSON);
    }

    private static Object data(Map<?, ?> input) {
        if (input.get("bytes") instanceof List<?> values) {
            return bytes(ints(values));
        }
        if (input.get("ints") instanceof List<?> values) {
            return ints(values);
        }
        if (input.get("strings") instanceof List<?> values) {
            return values.toArray(String[]::new);
        }
        if (input.get("detection") instanceof Map<?, ?> fields) {
            return JSON.decode(JSON.encode(fields), Detection.class);
        }
        return Objects.requireNonNull(input.get("data"), "a case without data or comment");
    }

    private static int[] ints(List<?> values) {
        return values.stream().mapToInt(value -> (Integer) Objects.requireNonNull(value)).toArray();
    }

    private static byte[] bytes(int[] values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static @Nullable String text(Map<?, ?> input, String field) {
        return (String) input.get(field);
    }
}
