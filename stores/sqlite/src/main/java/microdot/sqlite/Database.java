package microdot.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;

/** A connection to the file, with its prepared statements. For one thread at a time. */
final class Database implements AutoCloseable {
    /** How long a writer waits for another program that writes, in milliseconds. */
    static final int BUSY_MILLIS = 5000;

    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new HashMap<>();

    private Database(Connection connection) {
        this.connection = connection;
    }

    /** Opens a connection; each statement is a transaction until {@link #manualCommit}. */
    static Database open(Path file, boolean readOnly) throws SQLException {
        var config = new SQLiteConfig();
        config.setBusyTimeout(BUSY_MILLIS);
        var database = new Database(config.createConnection("jdbc:sqlite:" + file));
        if (readOnly) {
            database.execute("PRAGMA query_only = ON");
        }
        return database;
    }

    /** Gets the rows of a query, one after another. */
    interface Rows<T extends @Nullable Object> {
        T read(ResultSet rows) throws SQLException;
    }

    <T extends @Nullable Object> T query(String sql, Rows<T> reader, @Nullable Object... values)
            throws SQLException {
        PreparedStatement statement = prepare(sql);
        bind(statement, values);
        try (ResultSet rows = statement.executeQuery()) {
            return reader.read(rows);
        }
    }

    /** Returns the first column of the first row; 0 when there is none. */
    long number(String sql, @Nullable Object... values) throws SQLException {
        return query(sql, rows -> rows.next() ? rows.getLong(1) : 0L, values);
    }

    /** Returns how many rows were changed. */
    int update(String sql, @Nullable Object... values) throws SQLException {
        PreparedStatement statement = prepare(sql);
        bind(statement, values);
        return statement.executeUpdate();
    }

    PreparedStatement prepare(String sql) throws SQLException {
        PreparedStatement known = prepared.get(sql);
        if (known == null) {
            known = connection.prepareStatement(sql);
            prepared.put(sql, known);
        }
        return known;
    }

    private static void bind(PreparedStatement statement, @Nullable Object... values)
            throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
    }

    /** Runs a statement to its end, whatever it returns. */
    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            // Some statements do their work in steps: execute would make the first one only.
            statement.executeUpdate(sql);
        }
    }

    /** From now on a transaction is open until {@link #commit}. */
    void manualCommit() throws SQLException {
        connection.setAutoCommit(false);
    }

    void commit() throws SQLException {
        connection.commit();
    }

    /** Runs statements that cannot run in a transaction. */
    void outside(String... statements) throws SQLException {
        connection.setAutoCommit(true);
        try {
            for (String sql : statements) {
                execute(sql);
            }
        } finally {
            connection.setAutoCommit(false);
        }
    }

    /**
     * Forgets the open transaction, and begins another. Statements are prepared anew: one that has
     * failed is closed, and one may have rows that were not inserted.
     */
    void rollback() throws SQLException {
        for (PreparedStatement each : prepared.values()) {
            each.close();
        }
        prepared.clear();
        try {
            connection.rollback();
        } catch (SQLException e) {
            // SQLite has ended the transaction itself: nothing is open now.
            execute("BEGIN");
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
