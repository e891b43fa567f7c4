package microdot.stores;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * An authority that nobody else trusts, a certificate of it for 127.0.0.1 and localhost, and one
 * for a client. Needs openssl.
 */
public final class Certificates {
    private final Path folder;

    private Certificates(Path folder) {
        this.folder = folder;
    }

    /** Makes them in a folder; aborts the test where there is no openssl. */
    public static Certificates in(Path folder) {
        var made = new Certificates(folder);
        made.openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
                        + " -subj /CN=authority -keyout authority.key -out authority.pem");
        made.sign("server", "subjectAltName=IP:127.0.0.1,DNS:localhost");
        made.sign("client", "subjectAltName=DNS:client");
        return made;
    }

    private void sign(String name, String extension) {
        try {
            Files.writeString(folder.resolve(name + ".ext"), extension);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String request =
                "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=NAME"
                        + " -keyout NAME.key -out NAME.csr";
        openssl(request.replace("NAME", name));
        String signature =
                "x509 -req -days 2 -CA authority.pem -CAkey authority.key -CAcreateserial"
                        + " -in NAME.csr -out NAME.pem -extfile NAME.ext";
        openssl(signature.replace("NAME", name));
    }

    private void openssl(String arguments) {
        var command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ")));
        try {
            Process process =
                    new ProcessBuilder(command)
                            .directory(folder.toFile())
                            .redirectErrorStream(true)
                            .start();
            String text =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(arguments + ": " + text);
            }
        } catch (IOException e) {
            Assumptions.abort("openssl: not installed");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the certificate of the authority, in PEM. */
    public Path authority() {
        return folder.resolve("authority.pem");
    }

    /** Returns the certificate of the server. */
    public Path server() {
        return folder.resolve("server.pem");
    }

    /** Returns the key of the server. */
    public Path serverKey() {
        return folder.resolve("server.key");
    }

    /** Returns the certificate of a client. */
    public Path client() {
        return folder.resolve("client.pem");
    }

    /** Returns the key of the client. */
    public Path clientKey() {
        return folder.resolve("client.key");
    }
}
