package microdot;

import static microdot.Calls.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsrfTest {
    private final Microdot app =
            new Microdot()
                    .beforeRequest(new Csrf("https://friend.example"))
                    .get("/x", request -> "got")
                    .post("/x", request -> "changed");

    private int status(String method, @Nullable String site, @Nullable String origin) {
        var headers = new Headers().set("Host", "here.example:8443");
        if (site != null) {
            headers.set("Sec-Fetch-Site", site);
        }
        if (origin != null) {
            headers.set("Origin", origin);
        }
        var fields = new String[headers.size() * 2];
        var at = new int[1];
        headers.forEach(
                (name, value) -> {
                    fields[at[0]++] = name;
                    fields[at[0]++] = value;
                });
        return app.route(request(method, "/x", "", fields)).run().status();
    }

    @ParameterizedTest
    @CsvSource({
        "same-origin, https://here.example:8443, 200",
        "none, , 200",
        "cross-site, https://evil.example, 403",
        "same-site, https://sub.here.example, 403",
        "cross-site, https://friend.example, 200",
        "cross-site, , 403",
        ", https://here.example:8443, 200",
        ", http://here.example:8443, 200",
        ", https://here.example, 403",
        ", https://evil.example, 403",
        ", null, 403",
        ", , 200"
    })
    void onlyPagesOfTheSameOriginMayChangeSomething(
            @Nullable String site, @Nullable String origin, int status) {
        assertEquals(status, status("POST", site, origin));
        assertEquals(200, status("GET", site, origin));
    }

    @Test
    void hostIsTheOneThatTheProxyNames() {
        var headers =
                new Headers().set("Host", "127.0.0.1:5000").set("Origin", "https://app.example");
        var client = new InetSocketAddress("203.0.113.7", 0);
        var body = new BytesBody(new byte[0]);
        var request =
                new Request("POST", "/x", headers, body, client, "https", "App.example", null);
        assertEquals(200, app.route(request).run().status());
    }

    @Test
    void originThatNoBrowserSendsIsRejected() {
        for (String origin : List.of("*", "https://*.example", "https://a.example/", "a.example")) {
            assertThrows(IllegalArgumentException.class, () -> new Csrf(origin));
        }
    }

    @Test
    void rejectionSaysWhatCame() {
        String[] fields = {"Host", "here.example", "Origin", "https://evil.example"};
        String text = Calls.text(app.route(request("POST", "/x", "", fields)).run());
        assertEquals(
                "a page of another site sent this request: Origin: \"https://evil.example\","
                        + " Sec-Fetch-Site: none (expected: the same origin, or one that new"
                        + " Csrf(...) names)",
                text);
    }

    @Test
    void requestOfAnotherSiteReachesNoRoute() {
        assertEquals(403, status("DELETE", "cross-site", "https://evil.example"));
        assertEquals(405, status("DELETE", "same-origin", null));
    }
}
