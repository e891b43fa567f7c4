package microdot.netty.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.util.List;
import microdot.Headers;
import microdot.internal.IpNetworks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardedFieldsTest {
    private static final IpNetworks TRUSTED =
            IpNetworks.of(List.of("10.0.0.0/8", "fd00::/8", "127.0.0.1"));
    private static final RequestOrigin DIRECT =
            new RequestOrigin(new InetSocketAddress("10.9.9.9", 999), "http", "direct.example");

    /** The origin by these lines, each a name, a colon and a value. */
    private static String origin(String... lines) {
        var headers = new Headers();
        for (String line : lines) {
            int colon = line.indexOf(':');
            headers.add(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        RequestOrigin origin = ForwardedFields.read(headers, TRUSTED, DIRECT);
        var client = (InetSocketAddress) origin.client();
        return client.getAddress().getHostAddress()
                + " "
                + client.getPort()
                + " "
                + origin.scheme()
                + " "
                + origin.host();
    }

    private static final String PROXY = "10.9.9.9 999 http direct.example";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "203.0.113.7 | 203.0.113.7 0",
                "6.6.6.6, 203.0.113.7 | 203.0.113.7 0",
                "6.6.6.6, 203.0.113.7, 10.1.1.1 | 203.0.113.7 0",
                "6.6.6.6,203.0.113.7,10.1.1.1, 10.2.2.2 ,fd00::5 | 203.0.113.7 0",
                "10.1.1.1, 10.2.2.2 | 10.1.1.1 0",
                "203.0.113.7:4711 | 203.0.113.7 4711",
                "2001:db8::7 | 2001:db8:0:0:0:0:0:7 0",
                "[2001:db8::7] | 2001:db8:0:0:0:0:0:7 0",
                "[2001:db8::7]:4711 | 2001:db8:0:0:0:0:0:7 4711",
                "::ffff:203.0.113.7 | 203.0.113.7 0",
                "6.6.6.6, ::ffff:10.1.1.1 | 6.6.6.6 0",
                "6.6.6.6, unknown | 10.9.9.9 999",
                "6.6.6.6, unknown, 10.1.1.1 | 10.1.1.1 0",
                "6.6.6.6, _hidden | 10.9.9.9 999",
                "6.6.6.6, evil.example | 10.9.9.9 999",
                "6.6.6.6, 203.0.113.999 | 10.9.9.9 999",
                "6.6.6.6, fe80::1%eth0 | 10.9.9.9 999",
                "6.6.6.6, [203.0.113.7] | 10.9.9.9 999",
                "6.6.6.6, 203.0.113.7:99999 | 10.9.9.9 999",
                "6.6.6.6, 203.0.113.7:80:80 | 10.9.9.9 999",
                "6.6.6.6, [::1 | 10.9.9.9 999",
                "6.6.6.6, 203.0.113.7, , | 203.0.113.7 0",
                "'\"10.1.1.1, 203.0.113.7' | 203.0.113.7 0",
                ", , | 10.9.9.9 999"
            })
    void clientIsTheLastAddressThatIsNotTrusted(String value, String client) {
        assertEquals(client + " http direct.example", origin("X-Forwarded-For: " + value));
    }

    @Test
    void linesOfAFieldAreOneList() {
        String[] lines = {
            "X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 203.0.113.7", "x-forwarded-for: 10.1.1.1"
        };
        assertEquals("203.0.113.7 0 http direct.example", origin(lines));
    }

    @Test
    void schemeAndHostAreWhatTheNearestProxyWrote() {
        assertEquals(
                "203.0.113.7 0 https app.example:8443",
                origin(
                        "X-Forwarded-For: 203.0.113.7",
                        "X-Forwarded-Proto: http, HTTPS",
                        "X-Forwarded-Host: evil.example, app.example:8443"));
        assertEquals(
                "10.9.9.9 999 https app.example",
                origin("X-Forwarded-Proto: https", "X-Forwarded-Host: app.example"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X-Forwarded-Proto: javascript",
                "X-Forwarded-Proto: ",
                "X-Forwarded-Host: a b",
                "X-Forwarded-Host: user@app.example",
                "X-Forwarded-Host: app.example/path",
                "X-Forwarded-Host: \"app.example\"",
                "X-Forwarded-Host: ",
                "Forwarded: proto=javascript",
                "Forwarded: host=\"a b\"",
                "Forwarded: host=\"\""
            })
    void whatIsNoSchemeOrHostIsIgnored(String line) {
        assertEquals(PROXY, origin(line));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "for=203.0.113.7 | 203.0.113.7 0 http direct.example",
                "For=203.0.113.7;Proto=https;Host=app.example | 203.0.113.7 0 https app.example",
                "for=\"[2001:db8::7]:123\" | 2001:db8:0:0:0:0:0:7 123 http direct.example",
                "for=\"[::1]:123\" | 0:0:0:0:0:0:0:1 123 http direct.example",
                "for=\"203.0.113.7:_port\" | 203.0.113.7 0 http direct.example",
                "for=203.0.113.7 ; host=\"app.example:80\" | 203.0.113.7 0 http app.example:80",
                "for=6.6.6.6, for=203.0.113.7;by=10.1.1.1 | 203.0.113.7 0 http direct.example",
                "for=203.0.113.7;proto=https;host=app.example, for=10.1.1.1;proto=http;host=inner"
                        + " | 203.0.113.7 0 https app.example",
                "for=203.0.113.7;proto=https, for=\"10.1.1.1:80\" | 203.0.113.7 0 https direct.example",
                "for=6.6.6.6, for=_hidden;proto=https | 10.9.9.9 999 https direct.example",
                "for=6.6.6.6, for=unknown | 10.9.9.9 999 http direct.example",
                "for=6.6.6.6, proto=https | 10.9.9.9 999 https direct.example",
                "for=6.6.6.6, for=_hidden, for=10.1.1.1 | 10.1.1.1 0 http direct.example",
                "for=6.6.6.6;x=\"a,b;for=7.7.7.7\" | 6.6.6.6 0 http direct.example",
                "for=\"6.6.6.6, for=203.0.113.7 | 203.0.113.7 0 http direct.example",
                "x=\"\\\", for=203.0.113.7 | 203.0.113.7 0 http direct.example",
                "for=203.0.113.7,, | 203.0.113.7 0 http direct.example"
            })
    void forwardedGivesWhatItsProxySaw(String value, String expected) {
        assertEquals(expected, origin("Forwarded: " + value));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "for=203.0.113.7\"",
                "for=203.0.113.7;for=203.0.113.8",
                "for=203.0.113.7;FOR=203.0.113.8",
                "for=203.0.113.7;",
                ";for=203.0.113.7",
                "for = 203.0.113.7",
                "for=",
                "for",
                "203.0.113.7",
                "for=\"203.0.113.7",
                "for=\"203.0.113\\.7\"",
                "for=203.0.113.7 proto=https",
                "for=203.0.113.7;proto=https;ext=\"a\\\"b\""
            })
    void malformedElementIsNotBelieved(String element) {
        assertEquals(PROXY, origin("Forwarded: " + element));
        assertEquals(PROXY, origin("Forwarded: for=6.6.6.6, " + element));
        assertEquals(
                "10.1.1.1 0 http direct.example",
                origin(
                        "Forwarded: for=6.6.6.6",
                        "Forwarded: " + element,
                        "Forwarded: for=10.1.1.1"));
    }

    @Test
    void forwardedIsIgnoredBesideXForwardedFor() {
        String[] both = {
            "Forwarded: for=6.6.6.6;host=evil.example;proto=https", "X-Forwarded-For: 203.0.113.7"
        };
        assertEquals("203.0.113.7 0 http direct.example", origin(both));
    }

    @Test
    void withoutFieldsTheProxyIsTheClient() {
        assertEquals(PROXY, origin());
    }

    @Test
    void longListsAreReadOnce() {
        String many = "10.1.1.1, ".repeat(1_000);
        assertEquals(
                "203.0.113.7 0 http direct.example",
                origin("X-Forwarded-For: 203.0.113.7, " + many));
        String elements = "for=10.1.1.1;x=\"" + ",".repeat(1_000) + "\", ";
        assertEquals(
                "203.0.113.7 0 http direct.example",
                origin("Forwarded: for=203.0.113.7, " + elements.repeat(1_000)));
        String quotes = "for=\"" + "\",\"".repeat(100_000);
        assertEquals(PROXY, origin("Forwarded: " + quotes));
    }
}
