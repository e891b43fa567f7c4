package microdot.sse;

import microdot.sse.log.EncodedEvent;
import org.jspecify.annotations.Nullable;

/**
 * The state of a topic at one moment.
 *
 * @param first what a client gets: one event, or the first part of a table
 * @param later the other parts of the table; null when there are none
 * @param fence the position up to which all events are in it; a part may lack those that an event
 *     after the fence replaces
 * @param entry the number of the first entry of its topic that is not in it
 * @param started how many changes had started when it was taken
 */
record Snapshot(
        EncodedEvent first, @Nullable LaterParts later, long fence, long entry, long started) {}
