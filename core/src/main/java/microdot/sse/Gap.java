package microdot.sse;

import microdot.JsonCodec;
import microdot.internal.Required;
import microdot.sse.log.EncodedEvent;
import org.jspecify.annotations.Nullable;

/**
 * The data of a {@code gap} event: the client has lost everything of the topic after {@code from}
 * up to {@code to}.
 *
 * @param from the id that the client had; null when it had none
 * @param missed how many events; null when it cannot be known
 * @param reason expired, restarted, slow, invalid, unknown (an own id that is no longer known),
 *     removed (the topic was), or failed: the filter of the client's route failed on the one event
 */
public record Gap(
        String topic, @Nullable String from, String to, @Nullable Long missed, String reason) {
    public Gap {
        Required.notNull(topic, "topic", "a name");
        Required.notNull(to, "to", "an id");
        Required.notNull(reason, "reason", "a reason");
    }

    CatchUpResult.Notice notice(long upTo, JsonCodec json) {
        return new CatchUpResult.Notice(encoded(json), upTo, missed == null ? 0 : missed);
    }

    /** Returns the event, without an id. */
    EncodedEvent encoded(JsonCodec json) {
        return EventEncoder.encodeWithoutId(Event.of(this).event("gap"), json);
    }
}
