package microdot.sse;

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

    /**
     * As an event that brings the client to the position: in its place among the events of the
     * other topics.
     */
    Frame at(Topics topics, long position) {
        return new Frame(position, event(topics).toBytes(topics.idLine(position)));
    }

    /**
     * As an event without an id, for a snapshot comes after it: were the client cut between the two
     * and had this id, it would come back as one that lacks nothing.
     */
    Frame ahead(Topics topics, long position) {
        return new Frame(position, event(topics).toBytes(new byte[0]));
    }

    private EncodedEvent event(Topics topics) {
        return EncodedEvent.of(Event.of(this).event("gap"), topics.json());
    }
}
