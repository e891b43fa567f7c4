package microdot.sse;

import java.util.Map;
import microdot.sse.log.Row;

/** The rows of a table that its streams fill. Not on an event loop. */
interface PresenceRows {
    /** Returns whether there is a row for the name, or room for one. */
    boolean fits(String name);

    /** Counts a stream. Returns false, and counts nothing, when the table is full or closed. */
    boolean enter(String name);

    /**
     * Counts a stream no more.
     *
     * @param isCurrent false when the table was removed since, and perhaps made again
     */
    void leave(String name, boolean isCurrent);

    /** Returns the value of a row. */
    static Map<String, Integer> row(int streams) {
        return Map.of("count", streams);
    }

    /** Returns the number that a row has as its value, or in it. */
    static int streams(Row row) {
        int number = 0;
        for (byte each : row.value()) {
            if (each >= '0' && each <= '9') {
                number = 10 * number + each - '0';
            }
        }
        return number;
    }
}
