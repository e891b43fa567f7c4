package microdot.sse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import microdot.HttpException;
import microdot.JsonCodec;
import microdot.Request;
import microdot.Response;
import microdot.internal.LongPoll;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/** One request for the JSON form of a stream of topics. It waits on the request's thread. */
final class TopicPoll {
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;
    private static final int MAX_WAIT = 60;
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final Request request;
    private final long wait;
    private final TopicReading reading;

    /**
     * @throws HttpException with status 400 when a parameter of the request is malformed
     */
    TopicPoll(
            TopicRegistry registry, FollowerStart followers, Request request, List<String> names) {
        int limit = Math.min(MAX_LIMIT, number(request, "limit", 1, DEFAULT_LIMIT));
        this.request = request;
        this.wait = TimeUnit.SECONDS.toNanos(Math.min(MAX_WAIT, number(request, "wait", 0, 0)));
        this.reading = new TopicReading(registry, followers, names, limit);
    }

    /** Returns the id after which the client wants events; null if it is new. */
    static @Nullable String after(Request request) {
        String after = request.query("after");
        return after == null || after.isEmpty() ? Sse.lastEventId(request) : after;
    }

    private static int number(Request request, String name, int least, int otherwise) {
        String value = request.query(name);
        if (value == null) {
            return otherwise;
        }
        int number = value.matches("\\d{1,9}") ? Integer.parseInt(value) : -1;
        if (number < least) {
            throw new HttpException(
                    400,
                    name + ": " + Quoted.of(value) + " (expected: a number from " + least + " on)");
        }
        return number;
    }

    /** Waits for events, and responds with what there is. */
    Response respond(StartPosition.Wish wish, @Nullable FollowerFilter filter)
            throws InterruptedException {
        if (!LongPoll.begin(request, reading::cancel)) {
            return Sse.rejectWithRetry(request, RETRY);
        }
        request.onClose(reading::cancel);
        try {
            return reading.read(wish, filter, wait, TopicPoll::response);
        } catch (IllegalStateException failed) {
            return Sse.rejectWithRetry(request, RETRY);
        }
    }

    private static Response response(History history) {
        List<Map<String, @Nullable Object>> events = new ArrayList<>(history.events().size());
        for (Event event : history.events()) {
            Map<String, @Nullable Object> entry = new LinkedHashMap<>();
            entry.put("id", event.id());
            entry.put("event", event.event());
            entry.put("data", String.valueOf(event.data()));
            events.add(entry);
        }
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("events", events);
        answer.put("next", history.next());
        answer.put("closed", history.closed());
        answer.put("gap", history.gap());
        byte[] json = JsonCodec.standard().encode(answer);
        return Response.bytes(json, "application/json")
                .header("Cache-Control", "no-store")
                .header("Vary", "Accept");
    }
}
