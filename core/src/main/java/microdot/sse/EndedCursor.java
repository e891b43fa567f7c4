package microdot.sse;

import microdot.BodySink;

/**
 * A cursor of a client that had an earlier topic of the name, which has ended and was forgotten.
 * For this client the topic stays ended until something is published to the name: otherwise its
 * stream would never end, whatever becomes of its other topics.
 */
final class EndedCursor extends Cursor {
    EndedCursor(BodySink sink, boolean filtered, TopicState topic, long entry, long at) {
        super(sink, filtered, topic, entry, at);
    }

    @Override
    long closedAt() {
        return topic.endedAt();
    }
}
