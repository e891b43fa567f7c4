package microdot.sqlite;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import microdot.sse.store.StoreRetention;
import org.jspecify.annotations.Nullable;

/** What the writer knows of a topic; a row of the table topics. Confined to the writer. */
final class TopicState {
    /** No time. */
    static final long NEVER = Long.MAX_VALUE;

    private static final int FAR_ENTRIES = 1024;
    private static final long FAR_BYTES = 1 << 20;

    private static final String COLUMNS =
            "id, name, last, floor, closed_at, entries, bytes, keep_events, keep_bytes,"
                    + " keep_millis, keep_latest, cleared, swept, oldest, held";
    static final String BY_NAME = "SELECT " + COLUMNS + " FROM topics WHERE name = ?";
    static final String BY_ID = "SELECT " + COLUMNS + " FROM topics WHERE id = ?";
    private static final String SAVE =
            "UPDATE topics SET last = ?, floor = ?, closed_at = ?, entries = ?, bytes = ?,"
                    + " cleared = ?, swept = ?, oldest = ?, held = ?, due = ? WHERE id = ?";

    final long id;
    final String name;

    /** The position of the newest entry that there ever was. */
    long last;

    /** The history is what is after this position. */
    long floor;

    /** The position of the end, while it is the newest entry of the history. */
    long closedAt;

    /** The time of the end; 0 while it is not known. Not a column: few topics end. */
    long closedTime;

    /** How many entries the history has. */
    long entries;

    /** How many bytes the history has. */
    long bytes;

    /** The position of the last removal of the topic. */
    long cleared;

    /** Up to this position, rows that are neither in the history nor kept for a key are deleted. */
    long swept;

    /** The time of the oldest entry of the history. */
    long oldest = NEVER;

    /** The time of the oldest event that is kept for its key only. */
    long held = NEVER;

    StoreRetention retention = StoreRetention.STANDARD;
    boolean dirty;

    TopicState(long id, String name) {
        this.id = id;
        this.name = name;
    }

    static @Nullable TopicState read(ResultSet rows) throws SQLException {
        if (!rows.next()) {
            return null;
        }
        var topic = new TopicState(rows.getLong(1), rows.getString(2));
        topic.last = rows.getLong(3);
        topic.floor = rows.getLong(4);
        topic.closedAt = rows.getLong(5);
        topic.entries = rows.getLong(6);
        topic.bytes = rows.getLong(7);
        long events = rows.getLong(8);
        if (events > 0) {
            topic.retention =
                    new StoreRetention(
                            (int) events,
                            rows.getLong(9),
                            Duration.ofMillis(rows.getLong(10)),
                            rows.getInt(11) == 1);
        }
        topic.cleared = rows.getLong(12);
        topic.swept = rows.getLong(13);
        topic.oldest = rows.getLong(14);
        topic.held = rows.getLong(15);
        return topic;
    }

    void save(Database database) throws SQLException {
        database.update(
                SAVE, last, floor, closedAt, entries, bytes, cleared, swept, oldest, held, due(),
                id);
        dirty = false;
    }

    /** How long entries are kept, in milliseconds. */
    long keepMillis() {
        return millis(retention.time());
    }

    static long millis(Duration time) {
        return time.toSeconds() >= NEVER / 4000 ? NEVER / 4 : Math.max(1, time.toMillis());
    }

    boolean keepsLatest() {
        return retention.latestOfKeys();
    }

    /** Whether trimming cannot wait until it is due. */
    boolean isFarOverLimit() {
        return entries - retention.events() > FAR_ENTRIES
                || bytes - retention.bytes() > Math.max(FAR_BYTES, retention.bytes() / 4);
    }

    boolean isOverLimit() {
        return entries > 1 && (entries > retention.events() || bytes > retention.bytes());
    }

    /** When something must be trimmed, in milliseconds since 1970; 0 for now. */
    long due() {
        if (swept < floor || isOverLimit()) {
            return 0;
        }
        long first = Math.min(oldest, held);
        return first == NEVER ? NEVER : first + keepMillis();
    }
}
