package microdot.sse;

import microdot.BodySink;
import microdot.Request;
import org.jspecify.annotations.Nullable;

/** What counts the open streams of a table, for the topic, which must not depend on how. */
interface Visits {
    /**
     * Returns what has to be counted of a stream; null for nothing. Runs code of the application.
     *
     * @throws IllegalArgumentException when the name for it is empty or too long
     */
    @Nullable Visit of(Request request);

    /** A stream that is to be counted. */
    interface Visit {
        /** Returns whether the table has a row for it, or room for one. */
        boolean fits();

        /**
         * Counts the stream until it ends. Not on an event loop. Returns false when there is no
         * room for it, although {@link #fits} was true. A table that was closed or removed counts
         * nothing.
         */
        boolean begin(BodySink sink);
    }
}
