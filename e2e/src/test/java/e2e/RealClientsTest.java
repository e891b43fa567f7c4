package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.launchdarkly.eventsource.ConnectStrategy;
import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.MessageEvent;
import e2e.Script.Received;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Event;
import microdot.sse.EventParser;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Widely used clients read one script over HTTP/1.1 and HTTP/2, with TLS and without, and each
 * delivers the same events to its user.
 */
@Timeout(180)
class RealClientsTest {
    private static @Nullable Server plain;
    private static @Nullable Server secure;

    @TempDir Path folder = Path.of("");

    @BeforeAll
    static void start() {
        var options = new ServerOptions().host("127.0.0.1").port(0);
        plain = Script.app().start(options);
        secure = Script.app().start(options.tls(Certificate.get().tls()));
    }

    @AfterAll
    static void stop() {
        java.util.Objects.requireNonNull(plain).close();
        java.util.Objects.requireNonNull(secure).close();
    }

    private static String url(Wire wire) {
        Server server = java.util.Objects.requireNonNull(wire.tls ? secure : plain);
        return wire.scheme() + "://127.0.0.1:" + server.port() + "/script";
    }

    /** Reads events until the script is over. */
    private static List<Received> read(InputStream stream) throws Exception {
        var events = new ArrayList<Event>();
        var parser = new EventParser(events::add);
        byte[] buffer = new byte[8192];
        while (events.isEmpty() || !Script.END.equals(events.getLast().event())) {
            int length = stream.read(buffer);
            assertTrue(length > 0, () -> "the stream ended after " + events.size() + " events");
            parser.feed(buffer, 0, length);
        }
        return events.stream().map(RealClientsTest::received).toList();
    }

    private static Received received(Event event) {
        String name = event.event() == null ? "message" : event.event();
        return new Received(name, event.id() == null ? "" : event.id(), event.data().toString());
    }

    @ParameterizedTest
    @EnumSource
    void curl(Wire wire) throws Exception {
        String version =
                switch (wire) {
                    case HTTP_1, HTTP_1_TLS -> "--http1.1";
                    case HTTP_2 -> "--http2-prior-knowledge";
                    case HTTP_2_TLS -> "--http2";
                };
        Path head = folder.resolve("head");
        String authority = Certificate.get().pem().toString();
        var command = new ArrayList<>(List.of("curl", "-sN", "--max-time", "60", version));
        command.addAll(List.of("--cacert", authority, "-D", head.toString(), url(wire)));
        Process curl = new ProcessBuilder(command).start();
        List<Received> got = read(curl.getInputStream());
        curl.destroy();
        curl.waitFor();
        String status = Files.readAllLines(head).getFirst();
        assertTrue(status.startsWith(wire.http2 ? "HTTP/2 200" : "HTTP/1.1 200"), status);
        Script.check(got);
    }

    /** Without TLS, the JDK's client offers an upgrade to HTTP/2, which the server ignores. */
    @ParameterizedTest
    @EnumSource(names = {"HTTP_1", "HTTP_1_TLS", "HTTP_2_TLS"})
    void jdkHttpClient(Wire wire) throws Exception {
        boolean limited = wire == Wire.HTTP_1_TLS;
        var version = limited ? HttpClient.Version.HTTP_1_1 : HttpClient.Version.HTTP_2;
        var builder =
                HttpClient.newBuilder().version(version).sslContext(Certificate.get().trust());
        try (HttpClient client = builder.build()) {
            HttpResponse<InputStream> response =
                    client.send(
                            HttpRequest.newBuilder(URI.create(url(wire))).build(),
                            HttpResponse.BodyHandlers.ofInputStream());
            List<Received> got = read(response.body());
            client.shutdownNow();
            var spoken = wire.http2 ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1;
            assertEquals(spoken, response.version());
            Script.check(got);
        }
    }

    @ParameterizedTest
    @EnumSource
    void npmEventsource(Wire wire) throws Exception {
        Script.check(node("clients/eventsource.mjs", wire));
    }

    @ParameterizedTest
    @EnumSource
    void npmEventsourceClient(Wire wire) throws Exception {
        List<Received> got = node("clients/eventsource-client.mjs", wire);
        // This client reports the id field of the event, not the last event id.
        var expected = new ArrayList<Received>();
        for (Event event : Script.events()) {
            Received whole = Script.received().get(expected.size());
            expected.add(
                    new Received(
                            whole.event(), event.id() == null ? "" : event.id(), whole.data()));
        }
        assertEquals(expected, got);
    }

    /** The client first prints the protocol that was agreed upon. */
    private static List<Received> node(String script, Wire wire) throws Exception {
        String authority = Certificate.get().pem().toString();
        String[] arguments = {wire.name(), authority, script, url(wire), Script.NAME, Script.END};
        try (Child client = Child.node("clients/wire.mjs", arguments)) {
            String protocol = client.await("connected with ");
            assertEquals("connected with " + (wire.http2 ? "h2" : "http/1.1"), protocol);
            List<String> lines = client.lines();
            return lines.subList(lines.indexOf(protocol) + 1, lines.size()).stream()
                    .map(Script::parse)
                    .toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void okhttpSse(Wire wire) throws Exception {
        BlockingQueue<Received> queue = new LinkedBlockingQueue<>();
        var okHttp = new OkHttp(wire, Certificate.get());
        var builder = new OkHttpClient.Builder();
        okHttp.configure(builder);
        OkHttpClient client = builder.build();
        okhttp3.sse.EventSource source =
                EventSources.createFactory(client)
                        .newEventSource(
                                new Request.Builder().url(url(wire)).build(), listener(queue));
        List<Received> got = take(queue);
        source.cancel();
        client.dispatcher().executorService().shutdown();
        okHttp.assertSpoken();
        Script.check(got);
    }

    private static EventSourceListener listener(BlockingQueue<Received> queue) {
        return new EventSourceListener() {
            @Override
            public void onEvent(
                    okhttp3.sse.EventSource source,
                    @Nullable String id,
                    @Nullable String type,
                    String data) {
                queue.add(
                        new Received(type == null ? "message" : type, id == null ? "" : id, data));
            }

            @Override
            public void onFailure(
                    okhttp3.sse.EventSource source,
                    @Nullable Throwable error,
                    @Nullable Response response) {
                queue.add(new Received("failure", "", String.valueOf(error)));
            }
        };
    }

    private static List<Received> take(BlockingQueue<Received> queue) throws InterruptedException {
        var all = new ArrayList<Received>();
        while (all.isEmpty() || !all.getLast().event().equals(Script.END)) {
            Received next = queue.poll(Child.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(next, () -> "after " + all.size() + " events none arrived");
            all.add(next);
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource
    void launchDarklyEventSource(Wire wire) throws Exception {
        var got = new ArrayList<Received>();
        var okHttp = new OkHttp(wire, Certificate.get());
        var connect = ConnectStrategy.http(URI.create(url(wire)));
        try (EventSource source =
                new EventSource.Builder(connect.clientBuilderActions(okHttp::configure)).build()) {
            source.start();
            while (got.isEmpty() || !got.getLast().event().equals(Script.END)) {
                MessageEvent event = source.readMessage();
                String id = event.getLastEventId();
                got.add(new Received(event.getEventName(), id == null ? "" : id, event.getData()));
            }
        }
        okHttp.assertSpoken();
        Script.check(got);
    }
}
