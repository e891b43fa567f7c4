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
    void oneAddressHasOneLine() {
        assertEquals(
                List.of("http://[::1]:80"),
                ServerUrls.of(OPTIONS.host("::1").hosts("app.example"), 80));
    }
}
