package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;
import microdot.JsonCodec;
import microdot.sse.Event;
import org.jspecify.annotations.Nullable;

/** A follower that asks again and again in the JSON form, and now and then loses an answer. */
final class LawPoller implements Runnable {
    private final HttpClient http;
    private final String url;
    private final LawFollower law;
    private final LongSupplier head;
    private final Random random;
    private volatile boolean calm;

    /**
     * Creates a poller that has not begun.
     *
     * @param head returns a position that the topics have reached
     */
    LawPoller(HttpClient http, String url, LawFollower law, LongSupplier head, Random random) {
        this.http = http;
        this.url = url;
        this.law = law;
        this.head = head;
        this.random = random;
    }

    LawFollower law() {
        return law;
    }

    /** Nothing more is published: it ends when it has everything. */
    void calm() {
        calm = true;
    }

    @Override
    public void run() {
        try {
            while (!calm || !law.isDone()) {
                poll();
            }
        } catch (java.io.IOException | InterruptedException e) {
            throw new AssertionError(law + ": " + e, e);
        }
    }

    private void poll() throws java.io.IOException, InterruptedException {
        String after = law.lastEventId();
        String query =
                "&wait="
                        + (calm ? 1 : random.nextInt(2))
                        + "&limit="
                        + (1 + random.nextInt(100))
                        + (after == null ? "" : "&after=" + URLEncoder.encode(after, UTF_8));
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(url + query))
                        .header("Accept", "application/json")
                        .build();
        HttpResponse<byte[]> answer = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
        if (random.nextInt(10) == 0 && !calm) {
            return; // The answer got lost.
        }
        switch (answer.statusCode()) {
            case 200 -> page(JsonCodec.standard().decode(answer.body(), Map.class));
            case 204 -> law.over();
            default ->
                    throw new AssertionError(
                            law + ": " + answer + new String(answer.body(), UTF_8));
        }
    }

    private void page(Map<?, ?> page) {
        law.opened(law.lastEventId() == null ? head.getAsLong() : 0);
        Object gap = page.get("gap");
        if (gap != null) {
            law.got(Event.of(new String(JsonCodec.standard().encode(gap), UTF_8)).event("gap"));
        }
        List<?> events = (List<?>) page.get("events");
        for (Object item : events) {
            Map<?, ?> event = (Map<?, ?>) item;
            law.got(
                    Event.of(String.valueOf(event.get("data")))
                            .event(text(event.get("event")))
                            .id(text(event.get("id"))));
        }
        String next = text(page.get("next"));
        if (next != null && !next.equals(law.lastEventId())) {
            law.got(Event.of("").event("checkpoint").id(next));
        }
        if (Boolean.TRUE.equals(page.get("closed")) && events.isEmpty()) {
            law.over();
        }
    }

    private static @Nullable String text(@Nullable Object value) {
        return value == null ? null : value.toString();
    }
}
