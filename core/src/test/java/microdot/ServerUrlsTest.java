package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ServerUrlsTest {
    private static final ServerOptions OPTIONS = new ServerOptions();

    @Test
    void everyAddressHasALine() {
        List<String> urls = ServerUrls.of(OPTIONS, 80);
        assertEquals("http://localhost:80", urls.getFirst());
        assertTrue(urls.stream().allMatch(url -> url.matches("http://[^:]+:80")), urls::toString);
        assertEquals(urls, ServerUrls.of(OPTIONS.hosts("*"), 80));
    }

    @Test
    void hostsThatTheServerAnswersHaveALine() {
        ServerOptions options = OPTIONS.tls(Tls.selfSigned()).hosts("app.example", "*.example.org");
        assertEquals(
                List.of("https://localhost:443", "https://app.example:443"),
                ServerUrls.of(options, 443));
    }

    @Test
    void listenersHaveTheAddressesThatAPersonOpens() {
        ServerOptions options =
                OPTIONS.hosts("app.example")
                        .tls(Tls.selfSigned())
                        .listen(
                                Listener.of("https://0.0.0.0:8443"),
                                Listener.of("http://127.0.0.1:8080"),
                                Listener.of("unix:/run/app.sock"));
        assertEquals(
                List.of(
                        "https://localhost:8443",
                        "https://app.example:8443",
                        "http://127.0.0.1:8080",
                        "unix:/run/app.sock"),
                ServerUrls.of(options, 8443));
    }

    @Test
    void oneAddressHasOneLine() {
        assertEquals(
                List.of("http://[::1]:80"),
                ServerUrls.of(OPTIONS.host("::1").hosts("app.example"), 80));
    }
}
