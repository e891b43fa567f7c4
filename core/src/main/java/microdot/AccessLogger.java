package microdot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The logger {@code microdot.access}. If no other logging library answers to {@link System.Logger},
 * lines go to java.util.logging directly and with a fixed caller: to search the stack for the
 * caller takes three quarters of the time of a line.
 */
final class AccessLogger {
    private static final String NAME = "microdot.access";
    private static final Logger LOG = System.getLogger(NAME);
    private static final java.util.logging.@Nullable Logger DIRECT = direct();

    private AccessLogger() {}

    private static java.util.logging.@Nullable Logger direct() {
        Module finder = System.LoggerFinder.getLoggerFinder().getClass().getModule();
        return "java.logging".equals(finder.getName())
                ? java.util.logging.Logger.getLogger(NAME)
                : null;
    }

    static void log(Supplier<String> line) {
        java.util.logging.Logger direct = DIRECT;
        if (direct != null) {
            direct.logp(java.util.logging.Level.INFO, NAME, "log", line);
        } else if (LOG.isLoggable(Level.INFO)) {
            LOG.log(Level.INFO, line.get());
        }
    }
}
