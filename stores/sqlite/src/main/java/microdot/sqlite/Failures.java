package microdot.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import microdot.sse.store.StoreException;

/** What a failure of SQLite means, in a sentence. */
final class Failures {
    // The first byte of the result codes of SQLite: https://sqlite.org/rescode.html
    private static final int BUSY = 5;
    private static final int IO_ERROR = 10;
    private static final int CORRUPT = 11;
    private static final int FULL = 13;
    private static final int NOT_A_DATABASE = 26;

    private Failures() {}

    private static int code(SQLException e) {
        return e.getErrorCode() & 0xff;
    }

    /** Whether the system failed to read or write, so that the connection is not to be trusted. */
    static boolean isIoError(SQLException e) {
        return code(e) == IO_ERROR;
    }

    static boolean isFull(SQLException e) {
        return code(e) == FULL;
    }

    static boolean isDamage(SQLException e) {
        return code(e) == CORRUPT || code(e) == NOT_A_DATABASE;
    }

    /**
     * @param committing whether the end of the transaction failed: what the disk has of it can be
     *     unknown then
     */
    static StoreException ofWrite(Path file, SQLException e, boolean committing) {
        boolean unknown = committing && isIoError(e);
        return switch (code(e)) {
            case FULL ->
                    new StoreException(
                            "store: no room on the disk of "
                                    + file
                                    + "; nothing was appended (expected: free space; publishing"
                                    + " goes on when there is some)",
                            false,
                            e);
            case BUSY ->
                    new StoreException(
                            "store: another program writes to "
                                    + file
                                    + "; nothing was appended (expected: other programs only"
                                    + " read)",
                            false,
                            e);
            case IO_ERROR ->
                    new StoreException(
                            "store: "
                                    + file
                                    + " cannot be written: "
                                    + e.getMessage()
                                    + " (look at the disk and at the log of the system;"
                                    + " publishing goes on when it works)",
                            unknown,
                            e);
            case CORRUPT, NOT_A_DATABASE -> damaged(file, String.valueOf(e.getMessage()), e);
            default ->
                    new StoreException(
                            "store: " + file + " cannot be written: " + e.getMessage(), false, e);
        };
    }

    static StoreException ofRead(Path file, SQLException e) {
        return isDamage(e)
                ? damaged(file, String.valueOf(e.getMessage()), e)
                : new StoreException(
                        "store: " + file + " cannot be read: " + e.getMessage(), false, e);
    }

    static StoreException damaged(Path file, String finding, Throwable cause) {
        return new StoreException(damage(file, finding), false, cause);
    }

    /** The sentence about a damaged file, with the way out. */
    static String damage(Path file, String finding) {
        return "store: "
                + file
                + " is damaged: "
                + finding
                + " (stop the application; then put a backup in its place and remove "
                + file.getFileName()
                + "-wal, -shm and .lock; or save what can be read: sqlite3 "
                + file.getFileName()
                + " .recover | sqlite3 saved.db)";
    }
}
