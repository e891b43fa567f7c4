package microdot;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Collects the log entries at WARNING and above while it is open, and keeps them from being
 * printed.
 */
public final class Logged implements AutoCloseable {
    private final Logger logger;
    private final List<LogRecord> records = new CopyOnWriteArrayList<>();
    private final Handler handler =
            new Handler() {
                @Override
                public void publish(LogRecord record) {
                    if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                        records.add(record);
                    }
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    public Logged(String name) {
        logger = Logger.getLogger(name);
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
    }

    public List<String> messages() {
        return records.stream().map(LogRecord::getMessage).toList();
    }

    /** Waits for so many entries, and returns all. */
    @SuppressWarnings("ThreadPriorityCheck") // Nothing signals an entry.
    public List<String> await(int count) {
        long end = System.nanoTime() + 30_000_000_000L;
        while (records.size() < count && System.nanoTime() - end < 0) {
            Thread.yield();
        }
        return messages();
    }

    List<Throwable> thrown() {
        return records.stream().map(LogRecord::getThrown).filter(Objects::nonNull).toList();
    }

    /** Returns what the first entry with an exception has. */
    public Throwable firstThrown() {
        return thrown().getFirst();
    }

    @Override
    public void close() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
    }
}
