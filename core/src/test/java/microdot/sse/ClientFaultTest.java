package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import microdot.Body;
import microdot.Headers;
import microdot.Logged;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client got wrong is a 400 and no log entry; a mistake of the application is a 500. */
class ClientFaultTest {
    record Point(int x, int y) {}

    enum Level {
        LOW,
        HIGH
    }

    record Reading(
            int count,
            double value,
            boolean on,
            Level level,
            List<Long> times,
            Map<String, Integer> tags,
            Point at,
            String name) {}

    private final Topics topics = new Topics();
    private final Microdot app =
            new Microdot()
                    .post("/t", request -> topics.publish(request.query("t", ""), "x"))
                    .post("/room", request -> topics.publish("room/" + request.query("t"), "x"))
                    .post("/named", request -> publish(Event.of("x").event(request.query("n"))))
                    .post("/id", request -> publish(Event.of("x").id(request.query("i"))))
                    .post("/header", request -> publish(Event.of("x").id(request.header("X-Id"))))
                    .post("/form", request -> publish(Event.of("x").event(request.form("n"))))
                    .post("/body", request -> topics.publish(request.text(), "x"))
                    .post("/json", request -> publishFrom(request.json(Map.class)))
                    .post("/own", request -> topics.publish("y".repeat(257), "x"))
                    .post("/digit", request -> topics.publish("1" + "y".repeat(256), "x"))
                    .post("/ownName", request -> publish(Event.of("x").event("gap")))
                    .post("/follow/{t}", topics.stream(request -> List.of(request.param("t"))))
                    .post("/followOwn", topics.stream(request -> List.of("microdot/x")))
                    .post("/followNull", topics.stream(request -> Arrays.asList(null, "a")))
                    .post("/followMany", topics.stream(request -> request.queries("t")))
                    .post("/n/{n}", request -> "" + request.intParam("n"))
                    .post("/point", request -> request.json(Point.class))
                    .post("/reading", request -> request.json(Reading.class));

    /** Publishes to the topic that the JSON names; if that is z, to one that no client named. */
    private String publishFrom(Map<?, ?> json) {
        String text = json.toString();
        String topic = text.substring(text.indexOf("topic=") + 6, text.indexOf('}'));
        return topics.publish(topic.equals("z") ? "y".repeat(257) : topic, "x");
    }

    private String publish(Event event) {
        return topics.publish("news", event);
    }

    private Response post(String target, String body, String... fields) {
        var headers = new Headers();
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        var client = InetSocketAddress.createUnresolved("client", 1);
        return app.route(new Request("POST", target, headers, bytes, client, "http")).run();
    }

    private static String text(Response response) {
        var body = assertInstanceOf(Body.Bytes.class, response.body());
        return response.status() + " " + new String(body.bytes(), StandardCharsets.UTF_8);
    }

    private static String longTopic() {
        return "x".repeat(257);
    }

    @Test
    void illegalTextThatTheClientSentIsA400() {
        Map<String, String> answers =
                Map.of(
                        "/t?t=",
                        "400 topic: 0 characters (expected: 1 to 256)",
                        "/t?t=" + longTopic(),
                        "400 topic: 257 characters (expected: 1 to 256)",
                        "/room?t=" + "x".repeat(252),
                        "400 topic: 257 characters (expected: 1 to 256)",
                        "/named?n=a%0Ab",
                        "400 event: \"a\\nb\" (expected: no CR, LF or NUL)",
                        "/id?i=%20a",
                        "400 id: [32, 97] as code points (expected: no control characters or"
                                + " halves of characters, no space at an end)");
        try (var log = new Logged("microdot")) {
            answers.forEach((target, answer) -> assertEquals(answer, text(post(target, ""))));
            assertEquals(List.of(), log.messages());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gap", "run-1", "snapshot"})
    void reservedEventNameOfTheClientIsA400(String name) {
        assertEquals(400, post("/named?n=" + name, "").status());
        String form = "application/x-www-form-urlencoded";
        assertEquals(400, post("/form", "n=" + name, "Content-Type", form).status());
    }

    @Test
    void textThatIsInTheValueByChanceIsNotBlamed() {
        try (var log = new Logged("microdot")) {
            assertEquals(500, post("/digit", "", "DNT", "1").status());
            assertEquals(1, log.messages().size());
        }
    }

    @Test
    void illegalTextInAHeaderOrTheBodyIsA400() {
        assertEquals(400, post("/header", "", "X-Id", "\u00ff".repeat(129)).status());
        assertEquals(400, post("/body", longTopic()).status());
        String topic = "\"" + longTopic() + "\"";
        assertEquals(400, post("/json", "{\"a\":[1,{\"topic\":" + topic + "}]}").status());
        assertEquals(500, post("/json", "{\"a\":[1,{\"topic\":\"z\"}]}").status());
    }

    @ParameterizedTest
    @CsvSource({"/own?t=y", "/ownName?n=x", "/own?t=", "/ownName"})
    void mistakeOfTheApplicationIsA500WithALogEntry(String target) {
        try (var log = new Logged("microdot")) {
            assertEquals(500, post(target, "body").status());
            assertEquals(1, log.messages().size());
        }
    }

    @Test
    void nameOfAFollowedTopicIsTheClientsFaultIfItSentIt() {
        try (var log = new Logged("microdot")) {
            assertEquals(400, post("/follow/" + longTopic(), "").status());
            String many =
                    IntStream.range(0, 65)
                            .mapToObj(i -> "t=a" + i)
                            .collect(Collectors.joining("&"));
            assertEquals(400, post("/followMany?" + many, "").status());
            assertEquals(List.of(), log.messages());
            assertEquals(500, post("/followOwn", "").status());
            assertEquals(500, post("/followNull", "").status());
            assertEquals(2, log.messages().size());
        }
    }

    @Test
    void pathThatIsNoNumberIsA400() {
        assertEquals("200 7", text(post("/n/7", "")));
        assertEquals("400 n: \"x\" (expected: a number, int)", text(post("/n/x", "")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"x\":\"a\"} | 400 JSON \"x\", line 1, column 6: not what is expected here",
                "[] | 400 JSON, line 1, column 1: not what is expected here",
                "{\"x\":1, | 400 JSON, line 1, column 8: malformed",
                "null | 400 JSON: null",
                "`` | 400 JSON: an empty text",
            })
    void messageAboutJsonNamesTheMistakeAndNoClass(String json, String answer) {
        String text = text(post("/point", json));
        assertFalse(text.contains("java") || text.contains("Point"), text);
        assertEquals(answer, text.substring(0, text.indexOf(" (expected: ")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"count\":1.5 | a whole number from -2147483648 to 2147483647",
                "\"count\":3000000000 | a whole number from -2147483648 to 2147483647",
                "\"count\":null | a whole number from -2147483648 to 2147483647",
                "\"value\":\"x\" | a number",
                "\"on\":\"x\" | true or false",
                "\"level\":\"MIDDLE\" | one of LOW, HIGH",
                "\"times\":7 | an array",
                "\"tags\":7 | an object",
                "\"tags\":{\"a\":\"x\"} | a whole number from -2147483648 to 2147483647",
                "\"at\":[] | an object",
                "\"name\":[] | a text",
            })
    void messageAboutJsonSaysWhatIsExpected(String member, String expected) {
        String text = text(post("/reading", "{" + member + "}"));
        assertEquals("(expected: " + expected + ")", text.substring(text.indexOf("(expected: ")));
    }
}
