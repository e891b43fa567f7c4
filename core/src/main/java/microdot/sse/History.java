package microdot.sse;

import java.util.List;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * Events that topics keep, as {@link Topics#history} returns them.
 *
 * @param events in order; the data of each is a String, its id the one that a client resumes with
 * @param next the id after which the next events come
 * @param closed whether all topics have ended and these are their last events
 * @param gap what was lost before these events; null if nothing was
 */
public record History(List<Event> events, String next, boolean closed, @Nullable Gap gap) {
    public History {
        Required.notNull(next, "next", "an id");
        events = List.copyOf(Required.notNull(events, "events", "a list, perhaps empty"));
    }
}
