package microdot.netty;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The warnings and errors that the server and Netty log while this is open, including Netty's leak
 * reports.
 */
final class Logged extends Handler {
    // Strong references: a logger that was garbage-collected loses its handlers.
    private static final List<Logger> LOGGERS =
            List.of(Logger.getLogger("microdot"), Logger.getLogger("io.netty"));

    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();

    Logged() {
        LOGGERS.forEach(logger -> logger.addHandler(this));
    }

    List<String> complaints() {
        return List.copyOf(complaints);
    }

    /** Returns the stacks of the complaints that have one. */
    List<Throwable> thrown() {
        return List.copyOf(thrown);
    }

    @Override
    public void publish(LogRecord record) {
        if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            if (record.getThrown() != null) {
                thrown.add(record.getThrown());
            }
            complaints.add(record.getMessage() + ": " + record.getThrown());
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        LOGGERS.forEach(logger -> logger.removeHandler(this));
    }
}
