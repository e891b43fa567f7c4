package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.MessageEvent;
import e2e.Script.Received;
import java.net.URI;
import java.time.Duration;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Widely used clients read one script, and each delivers the same events to its user. */
@Timeout(180)
class RealClientsTest {
    private static @Nullable Server server;

    @BeforeAll
    static void start() {
        server = Script.app().start(new ServerOptions().host("127.0.0.1").port(0));
    }

    @AfterAll
    static void stop() {
        server().close();
    }

    private static Server server() {
        return java.util.Objects.requireNonNull(server);
    }

    private static String url() {
        return "http://127.0.0.1:" + server().port() + "/script";
    }

    @Test
    void curl() throws Exception {
        var events = new ArrayList<Event>();
        var parser = new EventParser(events::add);
        Process curl = new ProcessBuilder("curl", "-sN", "--max-time", "60", url()).start();
        byte[] buffer = new byte[8192];
        while (events.isEmpty() || !Script.END.equals(events.getLast().event())) {
            int length = curl.getInputStream().read(buffer);
            assertTrue(length > 0, () -> "curl ended after " + events.size() + " events");
            parser.feed(buffer, 0, length);
        }
        curl.destroy();
        curl.waitFor();
        Script.check(events.stream().map(RealClientsTest::received).toList());
    }

    private static Received received(Event event) {
        String name = event.event() == null ? "message" : event.event();
        return new Received(name, event.id() == null ? "" : event.id(), event.data().toString());
    }

    @Test
    void npmEventsource() throws Exception {
        Script.check(node("clients/eventsource.mjs"));
    }

    @Test
    void npmEventsourceClient() throws Exception {
        List<Received> got = node("clients/eventsource-client.mjs");
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

    private static List<Received> node(String script) throws Exception {
        try (Child client = Child.node(script, url(), Script.NAME, Script.END)) {
            return client.lines().stream().map(Script::parse).toList();
        }
    }

    @Test
    void okhttpSse() throws Exception {
        BlockingQueue<Received> queue = new LinkedBlockingQueue<>();
        var client = new OkHttpClient.Builder().readTimeout(Duration.ZERO).build();
        var listener =
                new EventSourceListener() {
                    @Override
                    public void onEvent(
                            okhttp3.sse.EventSource source,
                            @Nullable String id,
                            @Nullable String type,
                            String data) {
                        queue.add(
                                new Received(
                                        type == null ? "message" : type,
                                        id == null ? "" : id,
                                        data));
                    }

                    @Override
                    public void onFailure(
                            okhttp3.sse.EventSource source,
                            @Nullable Throwable error,
                            @Nullable Response response) {
                        queue.add(new Received("failure", "", String.valueOf(error)));
                    }
                };
        okhttp3.sse.EventSource source =
                EventSources.createFactory(client)
                        .newEventSource(new Request.Builder().url(url()).build(), listener);
        List<Received> got = take(queue);
        source.cancel();
        client.dispatcher().executorService().shutdown();
        Script.check(got);
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

    @Test
    void launchDarklyEventSource() throws Exception {
        var got = new ArrayList<Received>();
        try (EventSource source = new EventSource.Builder(URI.create(url())).build()) {
            source.start();
            while (got.isEmpty() || !got.getLast().event().equals(Script.END)) {
                MessageEvent event = source.readMessage();
                String id = event.getLastEventId();
                got.add(new Received(event.getEventName(), id == null ? "" : id, event.getData()));
            }
        }
        Script.check(got);
    }
}
