package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.launchdarkly.eventsource.ErrorStrategy;
import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.MessageEvent;
import com.launchdarkly.eventsource.StreamEvent;
import e2e.Script.Received;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import microdot.Server;
import microdot.ServerOptions;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients reconnect with their last event id and stop at 204, as far as each supports it. */
@Timeout(180)
class ReconnectTest {
    private static final List<String> EACH_ID_ONCE = List.of("", "2", "4", "6");

    private final Numbers numbers = new Numbers();
    private @Nullable Server server;

    @BeforeEach
    void start() {
        server = numbers.app().start(new ServerOptions().host("127.0.0.1").port(0));
    }

    @AfterEach
    void stop() {
        Objects.requireNonNull(server).close();
    }

    private String url() {
        return "http://127.0.0.1:" + Objects.requireNonNull(server).port() + "/episodes";
    }

    private static List<Received> all() {
        return IntStream.rangeClosed(1, Numbers.LAST).mapToObj(ReconnectTest::number).toList();
    }

    private static Received number(int number) {
        return new Received("reading", "" + number, "line\n" + number);
    }

    /** The scripts end only when their clients no longer reconnect. */
    @ParameterizedTest
    @ValueSource(strings = {"clients/eventsource.mjs", "clients/eventsource-client.mjs"})
    void npmClientsResumeAndStop(String script) throws Exception {
        try (Child client = Child.node(script, url(), "reading")) {
            List<String> lines = client.lines();
            assertEquals(0, client.exitCode());
            assertEquals(
                    all(),
                    lines.stream()
                            .filter(line -> line.contains("\"event\""))
                            .map(Script::parse)
                            .toList());
            assertEquals(EACH_ID_ONCE, numbers.asked);
        }
    }

    /** The client treats 204 as a stream without events, and reconnects until it is closed. */
    @Test
    void launchDarklyResumes() throws Exception {
        var got = new ArrayList<Received>();
        try (EventSource source =
                new EventSource.Builder(URI.create(url()))
                        .errorStrategy(ErrorStrategy.alwaysContinue())
                        .build()) {
            source.start();
            while (numbers.asked.size() <= EACH_ID_ONCE.size()) {
                StreamEvent event = source.readAnyEvent();
                if (event instanceof MessageEvent message) {
                    got.add(
                            new Received(
                                    message.getEventName(),
                                    message.getLastEventId(),
                                    message.getData()));
                }
            }
        }
        assertEquals(all(), got);
        assertEquals(List.of("", "2", "4", "6", "6"), numbers.asked.subList(0, 5));
    }

    /** The client reads one response; its user has to reconnect. */
    @Test
    void okhttpGetsTheEventsAfterItsLastEventId() throws Exception {
        assertEquals(List.of(number(1), number(2)), okhttp(""));
        assertEquals(List.of(number(5), number(6)), okhttp("4"));
        assertEquals(List.of(new Received("failure", "", "204")), okhttp("6"));
    }

    private List<Received> okhttp(String lastId) throws Exception {
        var client = new OkHttpClient();
        var request = new Request.Builder().url(url());
        if (!lastId.isEmpty()) {
            request.header("Last-Event-ID", lastId);
        }
        var response = new OneResponse();
        EventSources.createFactory(client).newEventSource(request.build(), response);
        try {
            return response.end.get(Child.PATIENCE_SECONDS, TimeUnit.SECONDS);
        } finally {
            client.dispatcher().executorService().shutdown();
        }
    }

    private static final class OneResponse extends EventSourceListener {
        final CompletableFuture<List<Received>> end = new CompletableFuture<>();
        private final List<Received> got = new ArrayList<>();

        @Override
        public void onEvent(
                okhttp3.sse.EventSource source,
                @Nullable String id,
                @Nullable String type,
                String data) {
            got.add(new Received(String.valueOf(type), String.valueOf(id), data));
        }

        @Override
        public void onClosed(okhttp3.sse.EventSource source) {
            end.complete(got);
        }

        @Override
        public void onFailure(
                okhttp3.sse.EventSource source,
                @Nullable Throwable error,
                @Nullable Response response) {
            String what = response == null ? "" + error : "" + response.code();
            got.add(new Received("failure", "", what));
            end.complete(got);
        }
    }

    @Test
    void curlSendsALastEventId() throws Exception {
        String last = "Last-Event-ID: ";
        try (Child resumed = Child.start(Child.home(), "curl", "-sN", "-H", last + 4, url());
                Child over =
                        Child.start(
                                Child.home(), "curl", "-si", "-H", last + Numbers.LAST, url())) {
            assertTrue(resumed.lines().containsAll(List.of("id: 5", "id: 6")));
            assertEquals(0, resumed.exitCode());
            over.await("HTTP/1.1 204 No Content");
            assertEquals(0, over.exitCode());
        }
    }
}
