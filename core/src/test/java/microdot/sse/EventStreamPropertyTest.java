package microdot.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Properties that hold for every text and every split. Each run draws new ones; a failure names its
 * seed, and {@code -Dmicrodot.test.seed=N} repeats it.
 */
class EventStreamPropertyTest {
    private static final int ROUNDS = 4_000;
    private static final JsonCodec JSON = JsonCodec.standard();

    private static final String[] PIECES = {
        "\n",
        "\r",
        "\r\n",
        " ",
        ":",
        "a",
        "data: x",
        "id: 1",
        "\0",
        "é",
        "ж",
        "\u0085",
        "\u2028",
        "\u2029",
        "\uFEFF",
        "\uFFFF",
        "🐈",
        "\uD83D",
        "\uDC08",
        "\u000B",
        "\t",
        "some plain text"
    };

    private static final byte[][] GARBAGE = {
        utf8("data"),
        utf8("data:"),
        utf8("data: x"),
        utf8("event"),
        utf8("event: e"),
        utf8("id"),
        utf8("id:7\0"),
        utf8("id: 42"),
        utf8("retry"),
        utf8("retry: 10"),
        utf8("99999999999999999999"),
        utf8(":"),
        utf8(" "),
        utf8("\n"),
        utf8("\n"),
        utf8("\n\n"),
        utf8("\r"),
        utf8("\r"),
        utf8("\r\n"),
        utf8("\0"),
        utf8("\uFEFF"),
        utf8("é"),
        utf8("🐈"),
        latin1("\u00ED\u00A0\u0080"),
        latin1("\u00ED"),
        latin1("\u00F0\u009F"),
        latin1("\u00F4\u0090\u0080\u0080"),
        latin1("\u00C0\u0080"),
        latin1("\u00E0\u0080"),
        latin1("\u00EF\u00BB"),
    };

    @Test
    void dataSurvivesEncodingAndParsing() {
        forManySeeds(
                random -> {
                    String text = text(random);
                    byte[] wire = EventEncoder.encode(Event.of(text), JSON);
                    assertEquals(List.of(received(text)), ParsedStream.of(wire, random).data());
                });
    }

    @Test
    void bytesAndTextAreEncodedAlike() {
        forManySeeds(
                random -> {
                    String text =
                            text(random)
                                    .codePoints()
                                    .filter(EventStreamPropertyTest::isCharacter)
                                    .collect(
                                            StringBuilder::new,
                                            StringBuilder::appendCodePoint,
                                            StringBuilder::append)
                                    .toString();
                    byte[] ofText = EventEncoder.encode(Event.of(text), JSON);
                    byte[] ofBytes = EventEncoder.encode(Event.of(utf8(text)), JSON);
                    assertEquals(new String(ofText, UTF_8), new String(ofBytes, UTF_8));
                });
    }

    @Test
    void eventsAndCommentsSurviveEncodingAndParsing() {
        forManySeeds(
                random -> {
                    var wire = new ByteArrayOutputStream();
                    ParsedStream expected = write(random, wire);
                    assertEquals(expected, ParsedStream.of(wire.toByteArray(), random));
                });
    }

    @Test
    void randomBytesAreParsedAsTheStandardSays() {
        forManySeeds(
                random -> {
                    byte[] stream = garbage(random);
                    ParsedStream expected = ReferenceParser.parse(stream);
                    assertEquals(expected, ParsedStream.of(stream));
                    assertEquals(expected, ParsedStream.of(stream, 1));
                    assertEquals(expected, ParsedStream.of(stream, random));
                });
    }

    @Test
    void randomBytesAsDataAreDecodedAsBrowsersDo() {
        forManySeeds(
                random -> {
                    byte[] bytes = new byte[random.nextInt(12)];
                    random.nextBytes(bytes);
                    byte[] wire = EventEncoder.encode(Event.of(bytes), JSON);
                    String expected = received(ReferenceParser.decode(bytes));
                    assertEquals(List.of(expected), ParsedStream.of(wire, random).data());
                });
    }

    private interface Property {
        void check(RandomGenerator random);
    }

    private static void forManySeeds(Property property) {
        Long given = Long.getLong("microdot.test.seed");
        var seeds = new SplittableRandom();
        for (int round = 0; round < (given == null ? ROUNDS : 1); round++) {
            long seed = given == null ? seeds.nextLong() : given;
            try {
                property.check(new SplittableRandom(seed));
            } catch (Throwable failure) {
                throw new AssertionError("repeat with -Dmicrodot.test.seed=" + seed, failure);
            }
        }
    }

    private static ParsedStream write(RandomGenerator random, ByteArrayOutputStream wire) {
        var events = new ArrayList<Event>();
        var comments = new ArrayList<String>();
        String lastId = null;
        Duration retry = null;
        for (int left = random.nextInt(6); left > 0; left--) {
            if (random.nextInt(4) == 0) {
                String comment = text(random);
                wire.writeBytes(EventEncoder.comment(comment));
                comments.addAll(ReferenceParser.lines(received(comment) + "\n"));
                continue;
            }
            Event event = event(random);
            wire.writeBytes(EventEncoder.encode(event, JSON));
            lastId = event.id() == null ? lastId : received(event.id());
            retry = event.retry() == null ? retry : event.retry();
            events.add(
                    Event.received(
                            received((String) event.data()), receivedName(event.event()), lastId));
        }
        return new ParsedStream(events, comments, lastId == null ? "" : lastId, retry);
    }

    private static Event event(RandomGenerator random) {
        Event event = Event.of(text(random)).event(name(random)).id(id(random));
        return random.nextBoolean()
                ? event
                : event.retry(Duration.ofMillis(random.nextInt(Integer.MAX_VALUE)));
    }

    private static @Nullable String name(RandomGenerator random) {
        return random.nextInt(3) == 0
                ? null
                : text(random)
                        .replaceAll("[\r\n\0]", "")
                        .replaceAll("(?s)^(.{30}).*", "$1")
                        .replaceAll("\\p{Cs}", "");
    }

    private static @Nullable String id(RandomGenerator random) {
        String name = name(random);
        return name == null
                ? null
                : name.codePoints()
                        .filter(c -> isCharacter(c) && !Character.isISOControl(c))
                        .collect(
                                StringBuilder::new,
                                StringBuilder::appendCodePoint,
                                StringBuilder::append)
                        .toString()
                        .strip();
    }

    private static @Nullable String receivedName(@Nullable String name) {
        return name == null || name.isEmpty() ? null : received(name);
    }

    private static String text(RandomGenerator random) {
        var text = new StringBuilder();
        for (int left = random.nextInt(12); left > 0; left--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    /**
     * Returns the text as a client must receive it: line breaks as LF, halves of surrogate pairs as
     * U+FFFD.
     */
    private static String received(String text) {
        var out = new StringBuilder();
        text.replace("\r\n", "\n")
                .replace('\r', '\n')
                .codePoints()
                .forEach(c -> out.appendCodePoint(isCharacter(c) ? c : 0xFFFD));
        return out.toString();
    }

    private static boolean isCharacter(int codePoint) {
        return codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE;
    }

    private static byte[] garbage(RandomGenerator random) {
        var out = new ByteArrayOutputStream();
        for (int left = random.nextInt(60); left > 0; left--) {
            if (random.nextInt(8) == 0) {
                out.write(random.nextInt(256));
            } else {
                out.writeBytes(GARBAGE[random.nextInt(GARBAGE.length)]);
            }
        }
        return out.toByteArray();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] latin1(String bytes) {
        return bytes.getBytes(ISO_8859_1);
    }
}
