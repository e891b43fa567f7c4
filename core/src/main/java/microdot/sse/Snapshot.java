package microdot.sse;

import java.util.List;
import microdot.sse.log.EncodedEvent;

/**
 * The state of a topic at one moment.
 *
 * @param events what a client gets: one event, or the parts of a table
 * @param fence the position up to which all events are in it
 * @param entry the number of the first entry of its topic that is not in it
 * @param started how many changes had started when it was taken
 */
record Snapshot(List<EncodedEvent> events, long fence, long entry, long started) {}
