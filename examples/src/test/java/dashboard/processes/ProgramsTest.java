package dashboard.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ProgramsTest {
    @Test
    void missingProgramNamesItsPackage() {
        var missing = assertThrows(ProgramException.class, () -> Programs.find("no-such-server"));
        assertEquals(
                "no-such-server: not found (expected: the Debian package no-such-server;"
                        + " apt-get install no-such-server)",
                missing.getMessage());
    }

    @Test
    void programThatEndsBeforeItListensIsReportedWithWhatItPrinted(@TempDir Path folder) {
        List<String> command = List.of(Programs.find("sh"), "-c", "echo bad setting; exit 3");
        try (var program = StartedProgram.start(folder, "server", command)) {
            var address =
                    new InetSocketAddress(
                            InetAddress.getLoopbackAddress(), StartedProgram.freePort());
            var failed = assertThrows(ProgramException.class, () -> program.awaitPort(address));
            assertEquals(
                    "server.log: does not accept connections: bad setting", failed.getMessage());
        }
    }

    @Test
    void closedFolderIsRemovedWithItsFiles() throws Exception {
        var folder = new TemporaryFolder();
        Path file = Files.createDirectory(folder.path().resolve("more")).resolve("file");
        Files.writeString(file, "text");
        folder.close();
        assertTrue(Files.notExists(folder.path()));
    }
}
