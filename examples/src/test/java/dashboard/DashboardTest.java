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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Runs;
import microdot.sse.Topics;
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

    private final Topics topics = new Topics();

    /** A new page gets the last twelve of its samples. */
    private final Feed feed = new Feed(topics, MACHINE, 0.1);

    private final AtomicInteger detections = new AtomicInteger();
    private final Camera camera = new Camera(new Scene(), this::detected);
    private final HttpClient client = HttpClient.newHttpClient();
    private final Server server = start();

    private void detected(Detection detection) {
        detections.incrementAndGet();
        feed.publish(detection);
    }

    private Server start() {
        return Pages.app(feed, camera, new Runs(topics))
                .start(new ServerOptions().host("127.0.0.1").port(0));
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
        "/microdot.js, text/javascript; charset=UTF-8",
        "/run, text/html; charset=UTF-8",
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
        for (String page :
                List.of("/", "/main.js", "/panels.js", "/charts.js", "/run", "/run.js")) {
            for (String name : names(client.send(get(page), BodyHandlers.ofString()).body())) {
                assertEquals(200, status(get(URI.create("/").resolve(name).toString())), name);
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
    void newPageGetsAllReadingsAtOnce() throws Exception {
        publish(0, 2);
        String snapshot = events(open(null), 1).getFirst();
        assertTrue(snapshot.startsWith("event: snapshot\n"), snapshot);
        for (String row :
                List.of(
                        "\"machine\":{\"host\":\"host\"",
                        "\"cpu\":0.0",
                        "\"memory\":{\"used\":1")) {
            assertTrue(snapshot.contains(row), row + " is not in " + snapshot);
        }
    }

    @Test
    void eachNodeHasARowOfItsConnectionsUntilItEnds() throws Exception {
        var node = new Feed(topics, 0.1);
        node.publishConnections(2);
        String snapshot = events(open(null), 1).getFirst();
        assertTrue(snapshot.contains("\"connections/2\":0"), snapshot);
        feed.removeConnections(2);
        assertFalse(events(open(null), 1).getFirst().contains("connections/2"));
        node.publishConnections(3);
        assertFalse(events(open(null), 1).getFirst().contains("connections/2"));
        // After a restart on a store, what the nodes before it counted is removed.
        var _ = new Feed(topics, MACHINE, 0.1);
        assertFalse(events(open(null), 1).getFirst().contains("connections/"));
    }

    @Test
    void readingThatDoesNotChangeIsSentOnce() throws Exception {
        BufferedReader stream = open(null);
        events(stream, 1);
        publish(0, 5);
        List<String> events = until(stream, "\"time\":4");
        assertEquals(1, events.stream().filter(event -> event.contains("\"memory\",")).count());
        assertEquals(List.of(0L, 1L, 2L, 3L, 4L), times(events));
    }

    @Test
    void disconnectedPageResumesWithoutAGap() throws Exception {
        publish(0, 2);
        List<String> first = until(open(null), "\"time\":1");
        assertEquals(List.of(0L, 1L), times(first));
        publish(2, 4);
        List<String> second = until(open(id(first.getLast())), "\"time\":3");
        assertEquals(List.of(2L, 3L), times(second));
        assertFalse(second.stream().anyMatch(event -> event.startsWith("event: gap\n")));
        assertFalse(second.stream().anyMatch(event -> event.startsWith("event: snapshot\n")));
    }

    @Test
    void newPageGetsOnlyRecentSamples() throws Exception {
        publish(0, 20);
        assertEquals(8L, times(until(open(null), "\"time\":19")).getFirst());
    }

    @Test
    void chartsGetOnePointASecond() {
        var fast = new Topics();
        var feed = new Feed(fast, MACHINE, 4);
        for (long time = 0; time < 9; time++) {
            feed.publish(sample(time));
        }
        List<String> points =
                fast.history("sample", null, 100).events().stream()
                        .map(event -> String.valueOf(event.data()))
                        .toList();
        assertEquals(3, points.size());
        assertTrue(points.get(1).contains("\"time\":4,"), points.get(1));
    }

    @Test
    void pageOfAnEarlierRunGetsGapsThenAllReadings() throws Exception {
        publish(0, 1);
        List<String> events = until(open("0123456789-7"), "event: sample\n");
        List<String> gaps =
                events.stream().filter(event -> event.startsWith("event: gap\n")).toList();
        assertEquals(3, gaps.size(), events.toString());
        for (String topic : List.of("readings", "sample", "detection")) {
            assertTrue(gaps.stream().anyMatch(gap -> isRestarted(topic, gap)), gaps.toString());
        }
        assertTrue(
                events.stream().anyMatch(event -> event.startsWith("event: snapshot\n")),
                events.toString());
    }

    private static boolean isRestarted(String topic, String gap) {
        return gap.contains("\"topic\":\"" + topic + "\"")
                && gap.contains("\"missed\":null,\"reason\":\"restarted\"");
    }

    @Test
    void frameOfADetectionCanBeFetched() throws Exception {
        BufferedReader stream = open(null);
        events(stream, 1);
        while (detections.get() == 0) {
            camera.take();
        }
        String detection = until(stream, "event: detection\n").getLast();
        String frame = detection.replaceFirst("(?s).*\"frame\":(\\d+).*", "$1");
        assertEquals(
                200,
                client.send(get("/camera/frames/" + frame), BodyHandlers.discarding())
                        .statusCode());
    }

    @Test
    void runIsFollowedFromItsFirstWordAndStoppedForEveryPage() throws Exception {
        HttpResponse<String> started =
                client.send(request("POST", "/runs"), BodyHandlers.ofString());
        String run = "/runs/" + started.body().replaceFirst("\\{\"id\":\"([^\"]+)\"}", "$1");
        BufferedReader first = open(run, null);
        List<String> words = until(first, "event: word\n");
        assertTrue(words.getFirst().startsWith("event: begin\n"), words.getFirst());
        BufferedReader second = open(run, null);
        assertEquals(words, events(second, words.size()));
        assertEquals(204, status(request("DELETE", run)));
        for (BufferedReader page : List.of(first, second)) {
            String end = until(page, "event: run-stopped\n").getLast();
            assertTrue(end.contains("\ndata: stopped\n"), end);
        }
        assertEquals(404, status(request("DELETE", run)));
        assertEquals(404, status(get("/runs/unknown")));
    }

    private int status(HttpRequest request) throws Exception {
        return client.send(request, BodyHandlers.discarding()).statusCode();
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
            feed.publish(sample(time));
        }
    }

    private static Sample sample(long time) {
        var memory = new Sample.Memory(1, 2, 0, 0);
        return new Sample(time, 0, List.of(), null, memory, null, null, Map.of());
    }

    private static List<Long> times(List<String> events) {
        return events.stream()
                .filter(event -> event.startsWith("event: sample\n"))
                .map(event -> event.replaceFirst("(?s).*\"time\":(\\d+).*", "$1"))
                .map(Long::valueOf)
                .toList();
    }

    private BufferedReader open(@Nullable String lastId) throws IOException, InterruptedException {
        return open("/events", lastId);
    }

    private BufferedReader open(String path, @Nullable String lastId)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri(path)).header("Accept", "text/event-stream");
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

    /** Reads up to the first event that contains the text. */
    private static List<String> until(BufferedReader stream, String text) {
        var events = new ArrayList<String>();
        while (events.isEmpty() || !events.getLast().contains(text)) {
            events.add(event(stream));
        }
        return events;
    }

    private static String event(BufferedReader stream) {
        String event =
                stream.lines().takeWhile(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
        if (event.isEmpty()) {
            throw new AssertionError("the stream has ended");
        }
        return event + "\n";
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

    private HttpRequest request(String method, String path) {
        return HttpRequest.newBuilder(uri(path)).method(method, BodyPublishers.noBody()).build();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }
}
