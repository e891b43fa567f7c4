package examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs the file as a user does: as a source, by the launcher of the JDK. */
@Timeout(60)
class CameraTest {
    @Test
    void aSlidingBoxIsToldAsItMoves() throws Exception {
        Process example =
                new ProcessBuilder(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "camera/Camera.java",
                                "0")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (BufferedReader output = example.inputReader()) {
            String address = String.valueOf(output.readLine());
            assertTrue(address.startsWith("http://localhost:"), address);
            List<String> first = firstLines(address + "/detections");
            assertEquals("event: detection", first.getFirst());
            assertEquals(
                    "data: {\"frame\":1,\"x\":0,\"y\":100,\"width\":54,\"height\":40}",
                    first.getLast());
        } finally {
            example.destroy();
            example.waitFor();
        }
    }

    private static List<String> firstLines(String address) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            InputStream body = client.send(request, BodyHandlers.ofInputStream()).body();
            try (var lines =
                    new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
                return lines.lines().limit(2).toList();
            }
        }
    }
}
