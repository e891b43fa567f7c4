package microdot.sse;

import microdot.sse.log.EncodedEvent;

/**
 * The state of a topic at one moment.
 *
 * @param fence the position up to which all events are in it
 * @param entry the number of the first entry of its topic that is not in it
 * @param started how many changes had started when it was taken
 */
record Snapshot(EncodedEvent event, long fence, long entry, long started) {}
