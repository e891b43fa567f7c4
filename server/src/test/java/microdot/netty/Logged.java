package microdot.netty;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/**
 * The warnings and errors that the server and Netty log while this is open, including Netty's leak
 * reports; of all servers of the process, also one of an earlier test that is still closing. Not
 * what the watches report of a machine that is too busy to run their threads.
 */
final class Logged extends Handler implements AutoCloseable {
    // Strong references: a logger that was garbage-collected loses its handlers.
    private static final List<Logger> LOGGERS =
            List.of(Logger.getLogger("microdot"), Logger.getLogger("io.netty"));

    private static final Pattern BUSY_MACHINE =
            Pattern.compile("^the event loop .* is blocked;|^no virtual thread ran for 1 s,");

    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();

    Logged() {
        LOGGERS.forEach(logger -> logger.addHandler(this));
    }

    /** Returns everything of level INFO and above. */
    List<String> lines() {
        return List.copyOf(lines);
    }

    List<String> complaints() {
        return List.copyOf(complaints);
    }

    /** Returns the complaints that contain the text. */
    List<String> complaints(String text) {
        return complaints.stream().filter(complaint -> complaint.contains(text)).toList();
    }

    /** Returns the stacks of the complaints that have one. */
    List<Throwable> thrown() {
        return List.copyOf(thrown);
    }

    @Override
    public void publish(LogRecord record) {
        String message = String.valueOf(record.getMessage());
        lines.add(message);
        boolean isComplaint = record.getLevel().intValue() >= Level.WARNING.intValue();
        if (isComplaint && !BUSY_MACHINE.matcher(message).find()) {
            if (record.getThrown() != null) {
                thrown.add(record.getThrown());
            }
            complaints.add(message + ": " + record.getThrown());
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        LOGGERS.forEach(logger -> logger.removeHandler(this));
    }
}
