package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.LongSupplier;
import microdot.JsonCodec;
import microdot.sse.Event;
import org.jspecify.annotations.Nullable;

/** A follower that asks again and again in the JSON form, and now and then loses an answer. */
final class LawPoller implements Runnable {
    private final String url;
    private final LawFollower law;
    private final LongSupplier head;
    private final Random random;
    private volatile boolean calm;
    private volatile String newest = "no answer";

    /**
     * Creates a poller that has not begun.
     *
     * @param head returns a position that the topics have reached
     */
    LawPoller(String url, LawFollower law, LongSupplier head, Random random) {
        this.url = url;
        this.law = law;
        this.head = head;
        this.random = random;
    }

    LawFollower law() {
        return law;
    }

    /** Returns the follower, and the last answer. */
    @Override
    public String toString() {
        return law + "; " + newest;
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
        } catch (IOException e) {
            throw new AssertionError(this + ": " + e, e);
        }
    }

    private void poll() throws IOException {
        String after = law.lastEventId();
        String query =
                "&wait="
                        + (calm ? 1 : random.nextInt(2))
                        + "&limit="
                        + (1 + random.nextInt(100))
                        + (after == null ? "" : "&after=" + URLEncoder.encode(after, UTF_8));
        var http = (HttpURLConnection) URI.create(url + query).toURL().openConnection();
        http.setRequestProperty("Accept", "application/json");
        http.setReadTimeout(60_000);
        int status = http.getResponseCode();
        byte[] body = status >= 400 ? new byte[0] : read(http);
        newest = query + " " + status + " " + new String(body, UTF_8);
        if (random.nextInt(10) == 0 && !calm) {
            return; // The answer got lost.
        }
        switch (status) {
            case 200 -> page(JsonCodec.standard().decode(body, Map.class));
            case 204 -> law.over();
            default -> throw new AssertionError(toString());
        }
    }

    private static byte[] read(HttpURLConnection http) throws IOException {
        try (InputStream body = http.getInputStream()) {
            return body.readAllBytes();
        }
    }

    private void page(Map<?, ?> page) {
        law.opened(law.lastEventId() == null ? head.getAsLong() : 0);
        Object gap = page.get("gap");
        if (gap != null) {
            law.got(Event.of(new String(JsonCodec.standard().encode(gap), UTF_8)).event("gap"));
        }
        var events = (List<?>) Objects.requireNonNull(page.get("events"));
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
