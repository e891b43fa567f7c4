package microdot.sqlite;

import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** Deletes what topics no longer keep, a slice at a time. Confined to the writer. */
final class Trimmer {
    /** How many rows one slice deletes at most. */
    static final int SLICE = 1000;

    private static final int TOPICS = 100;

    private final TopicStates topics;
    private final InstantSource clock;

    Trimmer(TopicStates topics, InstantSource clock) {
        this.topics = topics;
        this.clock = clock;
    }

    /**
     * Trims topics that are due, as a part of the open transaction.
     *
     * @return whether there may be more to do
     */
    boolean trimDue(Database database) throws SQLException {
        long now = clock.millis();
        List<Long> due =
                database.query(
                        "SELECT id FROM topics WHERE due <= ? ORDER BY due LIMIT ?",
                        rows -> {
                            var ids = new ArrayList<Long>();
                            while (rows.next()) {
                                ids.add(rows.getLong(1));
                            }
                            return ids;
                        },
                        now,
                        TOPICS);
        int left = SLICE;
        for (long id : due) {
            TopicState topic = topics.find(database, id);
            if (topic != null) {
                left -= trim(database, topic, now, left);
            }
            if (left <= 0) {
                return true;
            }
        }
        return due.size() == TOPICS;
    }

    /**
     * Trims topics that have grown far beyond their limits.
     *
     * @param added how many entries the open transaction has added
     */
    void trimLargest(Database database, int added) throws SQLException {
        // Faster than topics grow, and spread over transactions, so that none is long.
        int left = Math.max(SLICE, 2 * added);
        long now = clock.millis();
        for (TopicState topic : topics.changed()) {
            if (left > 0 && topic.isFarOverLimit()) {
                left -= trim(database, topic, now, left);
            }
        }
    }

    private int trim(Database database, TopicState topic, long now, int budget)
            throws SQLException {
        int used = 1 + raiseFloor(database, topic, now, budget);
        if (topic.swept < topic.floor) {
            used += sweep(database, topic, budget);
        }
        if (topic.held <= now - topic.keepMillis()) {
            used += expireHeld(database, topic, now, budget);
        }
        topics.changed(topic);
        return used;
    }

    /** Takes the oldest entries out of the history, as far as the limits of the topic say. */
    private static int raiseFloor(Database database, TopicState topic, long now, int budget)
            throws SQLException {
        if (topic.entries == 0) {
            return 0;
        }
        long expired = now - topic.keepMillis();
        if (!topic.isOverLimit() && topic.oldest > expired) {
            return 0;
        }
        int walked =
                database.query(
                        "SELECT position, time, length(bytes) FROM entries"
                                + " WHERE topic = ? AND position > ? ORDER BY position LIMIT ?",
                        rows -> {
                            int count = 0;
                            topic.oldest = 0; // Looked at again, unless a row is found that stays.
                            while (rows.next()) {
                                if (!topic.isOverLimit() && rows.getLong(2) > expired) {
                                    topic.oldest = rows.getLong(2);
                                    break;
                                }
                                topic.floor = rows.getLong(1);
                                topic.entries--;
                                topic.bytes -= rows.getLong(3);
                                count++;
                            }
                            return count;
                        },
                        topic.id,
                        topic.floor,
                        budget);
        if (topic.entries == 0) {
            topic.oldest = TopicState.NEVER;
        }
        if (topic.closedAt <= topic.floor) {
            topic.closedAt = 0;
        }
        return walked;
    }

    /** Deletes rows before the history that no key needs. */
    private static int sweep(Database database, TopicState topic, int budget) throws SQLException {
        int forgotten = topic.cleared > 0 ? forgetCleared(database, topic, budget) : 0;
        if (forgotten == budget) {
            return forgotten;
        }
        long upTo = endOfSlice(database, topic, budget);
        database.update(
                "DELETE FROM newest WHERE topic = ? AND position <= ? AND position > ?"
                        + " AND (kind > 2 OR NOT ?)",
                topic.id,
                upTo,
                topic.swept,
                topic.keepsLatest() ? 1 : 0);
        if (topic.keepsLatest()) {
            topic.held = Math.min(topic.held, oldestHeld(database, topic, upTo));
        }
        int deleted =
                database.update(
                        "DELETE FROM entries WHERE topic = ?1 AND position > ?2 AND position <= ?3"
                                + " AND position NOT IN (SELECT position FROM newest"
                                + " WHERE topic = ?1 AND position > ?2 AND position <= ?3)",
                        topic.id,
                        topic.swept,
                        upTo);
        topic.swept = upTo;
        return deleted;
    }

    /** Forgets keys of before the topic was cleared. */
    private static int forgetCleared(Database database, TopicState topic, int budget)
            throws SQLException {
        return database.update(
                "DELETE FROM newest WHERE topic = ?1 AND key IN (SELECT key FROM newest"
                        + " WHERE topic = ?1 AND position < ?2 LIMIT ?3)",
                topic.id,
                topic.cleared,
                budget);
    }

    /** Returns the position of the last row of a full slice; the floor for the last slice. */
    private static long endOfSlice(Database database, TopicState topic, int budget)
            throws SQLException {
        return database.query(
                "SELECT position FROM entries WHERE topic = ? AND position > ?"
                        + " AND position <= ? ORDER BY position LIMIT 1 OFFSET ?",
                rows -> rows.next() ? rows.getLong(1) : topic.floor,
                topic.id,
                topic.swept,
                topic.floor,
                budget - 1);
    }

    /** Returns the time of the oldest event of the slice that is kept for its key. */
    private static long oldestHeld(Database database, TopicState topic, long upTo)
            throws SQLException {
        return database.query(
                "SELECT min(e.time) FROM newest n JOIN entries e"
                        + " ON e.position = n.position WHERE n.topic = ?"
                        + " AND n.kind = 1 AND n.position > ? AND n.position <= ?",
                rows -> {
                    long time = rows.next() ? rows.getLong(1) : 0;
                    return time == 0 ? TopicState.NEVER : time;
                },
                topic.id,
                topic.swept,
                upTo);
    }

    /** Deletes events that were kept for their key until their time was over. */
    private static int expireHeld(Database database, TopicState topic, long now, int budget)
            throws SQLException {
        long expired = now - topic.keepMillis();
        var positions = new ArrayList<Long>();
        topic.held =
                database.query(
                        "SELECT n.position, e.time FROM newest n JOIN entries e"
                                + " ON e.position = n.position WHERE n.topic = ? AND n.kind = 1"
                                + " AND n.position <= ? ORDER BY n.position LIMIT ?",
                        rows -> {
                            while (rows.next()) {
                                if (rows.getLong(2) > expired) {
                                    return rows.getLong(2);
                                }
                                positions.add(rows.getLong(1));
                            }
                            return positions.size() == budget ? 0 : TopicState.NEVER;
                        },
                        topic.id,
                        topic.floor,
                        budget);
        for (long position : positions) {
            database.update(
                    "DELETE FROM newest WHERE topic = ? AND position = ?", topic.id, position);
            database.update("DELETE FROM entries WHERE position = ?", position);
        }
        return positions.size();
    }
}
