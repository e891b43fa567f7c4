package dashboard.processes;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where programs are installed. */
final class Programs {
    /** Debian has servers there, and the path of an ordinary user does not have it. */
    private static final List<String> MORE =
            List.of("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin");

    private Programs() {}

    /** Returns the file of a program whose Debian package has the same name. */
    static String find(String program) {
        String file = findOrNull(program);
        if (file == null) {
            throw new ProgramException(
                    program
                            + ": not found (expected: the Debian package "
                            + program
                            + "; apt-get install "
                            + program
                            + ")");
        }
        return file;
    }

    private static @Nullable String findOrNull(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.concat(Stream.of(path.split(File.pathSeparator)), MORE.stream())
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElse(null);
    }

    /**
     * Returns the command in a session of its own, so that Ctrl-C reaches the demo alone, which
     * ends the others in order; and so that the system ends the program when the thread that starts
     * it ends, as when the demo is killed. Where the two commands of util-linux are missing, it
     * returns the command as it is.
     */
    static List<String> owned(List<String> command) {
        String session = findOrNull("setsid");
        String privileges = findOrNull("setpriv");
        if (session == null || privileges == null) {
            return command;
        }
        var owned = new ArrayList<>(List.of(session, privileges, "--pdeathsig", "TERM"));
        owned.addAll(command);
        return owned;
    }
}
