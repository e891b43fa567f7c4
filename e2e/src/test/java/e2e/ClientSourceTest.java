package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The source of microdot.js, in Node. */
class ClientSourceTest {
    @Test
    void scriptThatIsServedIsMadeOfTheSource() throws Exception {
        try (Child build = Child.node("clients/build.mjs", "--check")) {
            String printed = String.join("\n", build.lines());
            assertEquals(0, build.exitCode(), printed);
        }
    }

    @Test
    void partsThatNeedNoBrowserWorkInNode() throws Exception {
        try (Child tests =
                Child.node(
                        "--test",
                        "../client/test/parser.test.js",
                        "../client/test/sharing.test.js",
                        "../client/test/source.test.js")) {
            String printed = String.join("\n", tests.lines());
            assertEquals(0, tests.exitCode(), printed);
        }
    }
}
