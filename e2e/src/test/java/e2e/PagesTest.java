package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The pages of the demo and of the examples in real browsers. Screenshots are written below {@code
 * target}.
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
    void dashboardFitsTheScreenAndMoves(String browser) throws Exception {
        try (Child demo = Child.java("dashboard.Main", "--port", "0");
                Child look =
                        Child.node("browser/dashboard.mjs", browser, address(demo), pictures())) {
            assertEquals(NO_PROBLEMS, look.await("problems"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void dashboardReconnectsToARestartedServer(String browser) throws Exception {
        try (Child first = Child.java("dashboard.Main", "--port", "0")) {
            String address = address(first);
            String port = address.substring(address.lastIndexOf(':') + 1);
            try (Child states = Child.node("browser/states.mjs", browser, address, pictures())) {
                states.await("Connected");
                states.await("Disconnected");
                states.await("Resumed: ");
                assertEquals("lost 0", states.await("lost 0"));
                first.kill();
                states.await("Reconnecting");
                try (Child second = Child.java("dashboard.Main", "--port", port)) {
                    assertEquals(address, address(second));
                    // The page shows what the second server lacks, and the charts go on.
                    states.await(
                            "Resumed, with a gap: some samples and some detections lost: server restarted");
                    assertEquals(
                            "printed by the page: nothing; by the browser: few",
                            states.await("printed by"));
                    assertEquals("moving", states.await("moving"));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void eightTabsOfTheDashboardShareOneConnection(String browser) throws Exception {
        try (Child demo = Child.java("dashboard.Main", "--port", "0");
                Child look = Child.node("browser/eight.mjs", browser, address(demo))) {
            assertEquals(NO_PROBLEMS, look.await("problems"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void runSurvivesAReloadAndStopsInEveryTab(String browser) throws Exception {
        try (Child demo = Child.java("dashboard.Main", "--port", "0");
                Child look =
                        Child.node(160, "browser/run.mjs", browser, address(demo), pictures())) {
            assertEquals(NO_PROBLEMS, look.await("problems"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chromium", "firefox"})
    void chatMessageReachesBothPages(String browser) throws Exception {
        Path chat = Child.home().resolve("examples/chat/Chat.java");
        try (Child app = Child.java(chat.toString(), "0");
                Child look = Child.node("browser/chat.mjs", browser, address(app), pictures())) {
            assertEquals(NO_PROBLEMS, look.await("problems"));
        }
    }
}
