package microdot.sse;

/**
 * What a client is told ahead of a topic's next events: that it has lost some, or the topic's
 * state. It has no id of its own: a client that came back with that would be taken for one that got
 * everything up to there of the stream's other topics too.
 *
 * @param upTo the position to which it brings the client in its topic
 * @param missed how many events it tells as missed, for the figures
 */
record Ahead(EncodedEvent event, long upTo, long missed) {}
