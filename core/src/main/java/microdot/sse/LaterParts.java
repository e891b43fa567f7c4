package microdot.sse;

import microdot.sse.log.EncodedEvent;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a snapshot that a client is still to get. Each is made when the client has room for
 * it, so that a client that does not read holds none. Immutable.
 */
interface LaterParts {
    /** Returns how many there are: at least 1. */
    int count();

    /** Makes the first of them. On a thread that may block. */
    EncodedEvent first();

    /** Returns those after the first; null when there are none. */
    @Nullable LaterParts afterFirst();
}
