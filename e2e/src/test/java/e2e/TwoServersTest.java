package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The recipe of two servers on one Redis behind HAProxy, configured as the guide says. */
@Timeout(180)
class TwoServersTest {
    private static final String PROGRAM =
            Child.home().resolve("examples/twoservers/TwoServers.java").toString();

    @TempDir Path folder = Path.of("");

    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void buildStores(@TempDir Path folder) throws Exception {
        Child.buildStores(folder);
    }

    private Child server(int port, int redis) {
        Child server =
                Child.microdot(
                        folder,
                        "run",
                        "--with",
                        "redis",
                        PROGRAM,
                        "" + port,
                        "redis://127.0.0.1:" + redis);
        server.await("http://127.0.0.1:" + port);
        return server;
    }

    private Child redis(int port) {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/redis-server")), "no redis-server");
        Child redis =
                Child.start(
                        folder,
                        "redis-server",
                        "--bind",
                        "127.0.0.1",
                        "--port",
                        "" + port,
                        "--save",
                        "");
        redis.await("Ready to accept connections");
        return redis;
    }

    private void publish(Proxy proxy, String text) throws Exception {
        var request = request(proxy).POST(BodyPublishers.ofString(text)).build();
        assertEquals(200, client.send(request, BodyHandlers.ofString()).statusCode());
    }

    private static HttpRequest.Builder request(Proxy proxy) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + proxy.port() + "/events"));
    }

    @Test
    void clientsResumeOnTheOtherServerAndWaitWhenThereIsNone() throws Exception {
        int redisPort = Proxy.freePort();
        int onePort = Proxy.freePort();
        int twoPort = Proxy.freePort();
        try (Child redis = redis(redisPort);
                Child one = server(onePort, redisPort);
                Child two = server(twoPort, redisPort);
                Proxy proxy = Proxy.haproxy(folder, onePort, twoPort);
                // HAProxy gives each server one of them.
                var first = new StreamReader(proxy.port(), "message");
                var second = new StreamReader(proxy.port(), "message")) {
            first.connect();
            second.connect();
            publish(proxy, "one");
            first.awaitMore(1);
            second.awaitMore(1);
            one.kill();
            publish(proxy, "two");
            publish(proxy, "three");
            for (StreamReader each : List.of(first, second)) {
                each.awaitData("three");
                assertEquals(List.of("one", "two", "three"), each.data);
                assertEquals(List.of(), each.gaps);
            }
            assertEquals(3, first.connects + second.connects);
            two.kill();
            // EventSource would not reconnect after an error.
            var answer = client.send(streamRequest(proxy), BodyHandlers.ofString());
            assertEquals(200, answer.statusCode());
            assertEquals(
                    "text/event-stream", answer.headers().firstValue("Content-Type").orElse(""));
            assertFalse(answer.body().contains("data:"), answer.body());
        }
    }

    private static HttpRequest streamRequest(Proxy proxy) {
        return request(proxy).header("Accept", "text/event-stream").build();
    }
}
