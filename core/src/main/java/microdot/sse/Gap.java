package microdot.sse;

import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told that it has lost: everything of the topic behind {@code from} up to {@code
 * to}.
 *
 * @param from the id that it had; null when it had none
 * @param missed how many events; null when it cannot be known
 * @param reason expired, restarted, slow or invalid
 */
record Gap(String topic, @Nullable String from, String to, @Nullable Long missed, String reason) {

    Ahead ahead(long upTo, JsonCodec json) {
        EncodedEvent event = EncodedEvent.of(Event.of(this).event("gap"), json);
        return new Ahead(event, upTo, missed == null ? 0 : missed);
    }
}
