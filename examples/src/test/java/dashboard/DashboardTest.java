package dashboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dashboard.camera.Camera;
import dashboard.camera.Detection;
import dashboard.camera.Scene;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import microdot.Server;
import microdot.ServerOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class DashboardTest {
    private static final Machine MACHINE =
            new Machine("host", "processor", 2, 1L << 30, "system", "25");

    /** A new page gets the last twelve of these. */
    private final Feed feed = new Feed(MACHINE, 0.1);

    private final AtomicInteger detections = new AtomicInteger();
    private final Camera camera = new Camera(new Scene(), this::detected);
    private final HttpClient client = HttpClient.newHttpClient();
    private final Server server = start();

    private void detected(Detection detection) {
        detections.incrementAndGet();
        feed.publish(detection);
    }

    private Server start() {
        return Main.app(feed, camera).start(new ServerOptions().host("127.0.0.1").port(0));
    }

    @BeforeEach
    void takeFirstFrame() {
        camera.take();
    }

    @AfterEach
    void close() {
        client.shutdownNow();
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "/, text/html; charset=UTF-8",
        "/page.css, text/css; charset=UTF-8",
        "/main.js, text/javascript; charset=UTF-8",
        "/icon.svg, image/svg+xml",
        "/uplot/uPlot.esm.js, text/javascript; charset=UTF-8",
        "/uplot/uPlot.min.css, text/css; charset=UTF-8",
        "/camera/frame.jpg, image/jpeg",
        "/camera/frames/0, image/jpeg"
    })
    void filesHaveTheirTypes(String path, String type) throws Exception {
        HttpResponse<byte[]> response = client.send(get(path), BodyHandlers.ofByteArray());
        assertEquals(200, response.statusCode());
        assertEquals(type, response.headers().firstValue("Content-Type").orElse(""));
        assertTrue(response.body().length > 0);
    }

    @Test
    void everyFileThatThePageNamesExists() throws Exception {
        for (String page : List.of("/", "/main.js", "/panels.js", "/charts.js")) {
            for (String name : names(client.send(get(page), BodyHandlers.ofString()).body())) {
                assertEquals(
                        200,
                        client.send(get("/" + name), BodyHandlers.discarding()).statusCode(),
                        name);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/nothing.js",
                "/uplot/nothing.js",
                "/%2e%2e%2fdashboard%2fMain.class",
                "/camera/frames/99"
            })
    void whatIsNotThereIs404(String path) throws Exception {
        assertEquals(404, client.send(get(path), BodyHandlers.discarding()).statusCode());
    }

    @Test
    void disconnectedPageResumesWithoutAGap() throws Exception {
        publish(0, 2);
        List<String> first = events(open(null), 3);
        assertTrue(first.getFirst().startsWith("event: hello\n"), first.getFirst());
        String last = id(first.getLast());
        assertEquals(last, newest(first.getFirst()));
        assertEquals(List.of(0L, 1L), times(first));
        publish(2, 4);
        List<String> second = events(open(last), 3);
        assertEquals(List.of(2L, 3L), times(second));
        assertEquals(id(second.getLast()), newest(second.getFirst()));
    }

    @Test
    void newPageGetsOnlyRecentSamples() throws Exception {
        publish(0, 20);
        assertEquals(8L, times(events(open(null), 2)).getFirst());
    }

    @Test
    void pageOfAnEarlierRunGetsBothGapsFirst() throws Exception {
        publish(0, 1);
        List<String> events = events(open("0123456789-7"), 4);
        assertGap("sample", "restarted", events.get(1));
        assertGap("detection", "restarted", events.get(2));
        assertTrue(events.get(3).startsWith("event: sample\n"), events.get(3));
    }

    private static void assertGap(String topic, String reason, String event) {
        assertTrue(event.startsWith("event: gap\n"), event);
        assertTrue(event.contains("\"topic\":\"" + topic + "\""), event);
        assertTrue(event.contains("\"missed\":null,\"reason\":\"" + reason + "\""), event);
    }

    @Test
    void frameOfADetectionCanBeFetched() throws Exception {
        BufferedReader stream = open(null);
        events(stream, 1);
        while (detections.get() == 0) {
            camera.take();
        }
        String detection = events(stream, 1).getFirst();
        assertTrue(detection.startsWith("event: detection\n"), detection);
        String frame = detection.replaceFirst("(?s).*\"frame\":(\\d+).*", "$1");
        assertEquals(
                200,
                client.send(get("/camera/frames/" + frame), BodyHandlers.discarding())
                        .statusCode());
    }

    @Test
    void pageCanDropItsOwnStream() throws Exception {
        BufferedReader stream = open(null);
        String name =
                events(stream, 1).getFirst().replaceFirst("(?s).*\"stream\":\"(\\w+)\".*", "$1");
        assertEquals(202, client.send(drop(name), BodyHandlers.discarding()).statusCode());
        // No event; perhaps a retry.
        String rest = stream.lines().collect(Collectors.joining());
        assertTrue(rest.matches("(retry: 2000)?"), rest);
        assertEquals(404, client.send(drop("0000"), BodyHandlers.discarding()).statusCode());
    }

    @Test
    void takenPortIsReportedWithTheOption() throws Exception {
        Process demo =
                new ProcessBuilder(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Main.class.getName(),
                                "--host=127.0.0.1",
                                "--port=" + server.port())
                        .start();
        String errors = new String(demo.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(1, demo.waitFor());
        String line =
                errors.lines().filter(text -> text.contains("--port")).findFirst().orElse(errors);
        assertTrue(line.contains(String.valueOf(server.port())), errors);
        assertFalse(errors.contains("\tat "), errors);
    }

    /** Samples that differ by their times, milliseconds since 1970. */
    private void publish(long from, long to) {
        for (long time = from; time < to; time++) {
            var memory = new Sample.Memory(1, 2, 0, 0);
            feed.publish(new Sample(time, 0, List.of(), null, memory, null, null, Map.of()));
        }
    }

    private static List<Long> times(List<String> events) {
        return events.stream()
                .filter(event -> event.startsWith("event: sample\n"))
                .map(event -> event.replaceFirst("(?s).*\"time\":(\\d+).*", "$1"))
                .map(Long::valueOf)
                .toList();
    }

    private static String newest(String hello) {
        return hello.replaceFirst("(?s).*\"newest\":\"([^\"]+)\".*", "$1");
    }

    private BufferedReader open(@Nullable String lastId) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri("/events")).header("Accept", "text/event-stream");
        if (lastId != null) {
            request.header("Last-Event-ID", lastId);
        }
        HttpResponse<InputStream> response =
                client.send(request.build(), BodyHandlers.ofInputStream());
        assertEquals("text/event-stream", response.headers().firstValue("Content-Type").orElse(""));
        return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    private static List<String> events(BufferedReader stream, int count) {
        return Stream.generate(() -> event(stream)).limit(count).toList();
    }

    /** Returns the next event; the retry arrives before the first, as a separate block. */
    private static String event(BufferedReader stream) {
        String block =
                stream.lines().takeWhile(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
        return block.startsWith("retry: ") ? event(stream) : block;
    }

    private static String id(String event) {
        return event.replaceFirst("(?s).*\nid: ([^\n]+).*", "$1");
    }

    private static List<String> names(String page) {
        return new BufferedReader(new StringReader(page))
                .lines()
                .flatMap(
                        line ->
                                Pattern.compile("(?:href=|src=|from )\"(?:\\./)?([^\"#:]+)\"")
                                        .matcher(line)
                                        .results())
                .map(match -> match.group(1))
                .toList();
    }

    private HttpRequest get(String path) {
        return HttpRequest.newBuilder(uri(path)).build();
    }

    private HttpRequest drop(String stream) {
        return HttpRequest.newBuilder(uri("/streams/" + stream + "/drop"))
                .POST(BodyPublishers.noBody())
                .build();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }
}
