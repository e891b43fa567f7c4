package microdot.sqlite;

import java.nio.file.Path;

/** Opens a file until it is ended. */
final class HoldingProcess {
    private HoldingProcess() {}

    public static void main(String[] args) throws Exception {
        try (Opening open = Opening.at(Path.of(args[0]))) {
            open.append("a", "of another process");
            System.out.println("open");
            System.in.read();
        }
    }
}
