package microdot.netty.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelfSignedTest {
    @TempDir private Path folder;

    private static Set<String> names(String... names) {
        return new LinkedHashSet<>(List.of(names));
    }

    private KeyedCertificate made(String... names) throws IOException {
        return CertificateFiles.read(SelfSigned.upToDate(folder, names(names))).getFirst();
    }

    @Test
    void certificateIsKeptUntilAFurtherNameComes() throws Exception {
        KeyedCertificate first = made("localhost", "127.0.0.1", "10.1.2.3");
        assertTrue(first.isFor("localhost"));
        assertEquals(3, first.chain().getFirst().getSubjectAlternativeNames().size());
        // Fewer names, as in another network: the browser is not asked again.
        assertEquals(first.chain(), made("localhost", "127.0.0.1").chain());
        KeyedCertificate second = made("localhost", "10.9.9.9");
        assertEquals(4, second.chain().getFirst().getSubjectAlternativeNames().size());
        // Back in the first network.
        assertEquals(second.chain(), made("localhost", "127.0.0.1", "10.1.2.3").chain());
    }

    @Test
    void onlyTheOwnerMayReadTheFileAndNothingElseIsLeft() throws Exception {
        made("localhost");
        Path file = folder.resolve("tls.p12");
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void damagedFileIsReplaced() throws Exception {
        Path file = Files.writeString(folder.resolve("tls.p12"), "damaged");
        byte[] before = Files.readAllBytes(file);
        made("localhost");
        assertFalse(Arrays.equals(before, Files.readAllBytes(file)));
        byte[] whole = Files.readAllBytes(file);
        made("localhost");
        assertArrayEquals(whole, Files.readAllBytes(file));
    }
}
