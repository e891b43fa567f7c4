package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The pages of the demo and of the examples, as real browsers show them. Pictures of them stay
 * below target.
 */
@Timeout(180)
class PagesTest {
    private static final String NO_PROBLEMS = "{\"problems\":[]}";

    private static String pictures() throws IOException {
        return Files.createDirectories(Child.home().resolve("e2e/target/screenshots")).toString();
    }

    private static String address(Child app) {
        return app.await("http://localhost").replaceFirst(".*(http://localhost:\\d+).*", "$1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void theDashboardFitsAndMoves(String browser) throws Exception {
        try (Child demo = Child.java("dashboard.Main", "--port", "0");
                Child look =
                        Child.node("browser/dashboard.mjs", browser, address(demo), pictures())) {
            assertEquals(NO_PROBLEMS, look.await("problems"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void theDashboardComesBackWithItsServer(String browser) throws Exception {
        try (Child first = Child.java("dashboard.Main", "--port", "0")) {
            String address = address(first);
            String port = address.substring(address.lastIndexOf(':') + 1);
            try (Child states = Child.node("browser/states.mjs", browser, address, pictures())) {
                states.await("Connected");
                states.await("Reconnecting");
                states.await("Resumed: ");
                assertEquals("missed 0", states.await("missed"));
                first.kill();
                states.await("Reconnecting");
                try (Child second = Child.java("dashboard.Main", "--port", port)) {
                    assertEquals(address, address(second));
                    // What the first had and the second has not is said, and the charts go on.
                    states.await(
                            "Resumed, with a gap: some samples and some detections lost: server restarted");
                    assertEquals("moving", states.await("moving"));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void aChatReachesBothItsPages(String browser) throws Exception {
        Path chat = Child.home().resolve("examples/chat/Chat.java");
        try (Child app = Child.java(chat.toString(), "0");
                Child look = Child.node("browser/chat.mjs", browser, address(app), pictures())) {
            assertEquals(NO_PROBLEMS, look.await("problems"));
        }
    }
}
