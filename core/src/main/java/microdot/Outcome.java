package microdot;

import java.time.Duration;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * What became of a request, for {@link Microdot#afterResponse} and {@link AccessLog}.
 *
 * @param status the status of the response; 499 if the client left before there was one, 500 if
 *     there could be none
 * @param bytes the bytes of the body that were handed to the connection, perhaps not all of them
 *     received; without the framing of HTTP
 * @param events the events that a stream handed to the connection, gaps and snapshots among them; 0
 *     for other responses
 * @param duration from the end of the request's head until the last byte was handed to the socket,
 *     or the connection closed
 * @param closeReason why a stream ended; for other responses why the client did not get all of it,
 *     and null if it did
 * @param error what the application threw if the response is a 5xx or the stream failed; else null
 */
public record Outcome(
        int status,
        long bytes,
        long events,
        Duration duration,
        @Nullable CloseReason closeReason,
        @Nullable Throwable error) {
    public Outcome {
        Required.notNull(duration, "duration", "a duration");
    }
}
