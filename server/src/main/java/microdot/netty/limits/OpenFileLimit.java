package microdot.netty.limits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The limit of the system for open files, which sockets are too. */
final class OpenFileLimit {
    private static final Path LIMITS = Path.of("/proc/self/limits");

    private OpenFileLimit() {}

    /** Returns how many connections fit, with a reserve; no limit if the system reports none. */
    static int connections() {
        try {
            return Files.isReadable(LIMITS)
                    ? connections(Files.readAllLines(LIMITS))
                    : Integer.MAX_VALUE;
        } catch (IOException e) {
            return Integer.MAX_VALUE;
        }
    }

    /** Keeps an eighth, 32 to 1,024 descriptors, for files that are sent, jars and the log. */
    static int connections(List<String> limits) {
        for (String line : limits) {
            String[] words = line.split("\\s+", -1);
            if (line.startsWith("Max open files") && words[3].matches("\\d{1,9}")) {
                int files = Integer.parseInt(words[3]);
                return Math.max(1, files - Math.clamp(files / 8, 32, 1024));
            }
        }
        return Integer.MAX_VALUE;
    }
}
