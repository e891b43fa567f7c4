package microdot.netty.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The JDK's keytool, as a process. */
final class Keytool {
    private static final long SECONDS = 60;

    private static final String OPTIONS =
            "-genkeypair -alias microdot -keyalg EC -groupname secp256r1 -sigalg SHA256withECDSA"
                    + " -ext ku:critical=digitalSignature -ext eku=serverAuth -storetype PKCS12";

    private Keytool() {}

    /** Makes a key store with a new key and its self-signed certificate. */
    static void makeKey(Path file, String password, int days, Collection<String> names)
            throws IOException {
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        String alternatives =
                names.stream()
                        .map(name -> (isAddress(name) ? "ip:" : "dns:") + name)
                        .collect(Collectors.joining(","));
        var command = new ArrayList<>(List.of(keytool.toString()));
        command.addAll(List.of(OPTIONS.split(" ")));
        command.addAll(List.of("-validity", String.valueOf(days)));
        command.addAll(List.of("-dname", "CN=localhost, O=Microdot self-signed"));
        command.addAll(List.of("-ext", "san=" + alternatives));
        command.addAll(List.of("-keystore", file.toString(), "-storepass", password));
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new IOException(
                    "Tls.selfSigned: "
                            + keytool
                            + " could not be started (expected: a Java runtime with keytool; Tls.pem"
                            + " needs none)",
                    e);
        }
        await(process);
    }

    private static boolean isAddress(String name) {
        return name.indexOf(':') >= 0 || name.matches("[0-9.]+");
    }

    private static void await(Process process) throws IOException {
        try (var input = process.getOutputStream();
                var output = process.getInputStream()) {
            input.close(); // It must not ask.
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(
                        "Tls.selfSigned: keytool did not end within " + SECONDS + " s");
            }
            if (process.exitValue() != 0) {
                String said = new String(output.readNBytes(1000), StandardCharsets.UTF_8).strip();
                throw new IOException("Tls.selfSigned: keytool failed: " + said);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("Tls.selfSigned: interrupted while keytool ran", e);
        }
    }
}
