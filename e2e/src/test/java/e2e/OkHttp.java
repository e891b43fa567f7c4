package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;

/** Settings of OkHttp, which two of the clients are built on, and the protocols that it spoke. */
final class OkHttp {
    private final Set<Protocol> spoken = ConcurrentHashMap.newKeySet();
    private final Wire wire;
    private final Certificate certificate;

    OkHttp(Wire wire, Certificate certificate) {
        this.wire = wire;
        this.certificate = certificate;
    }

    void configure(OkHttpClient.Builder client) {
        client.readTimeout(Duration.ZERO)
                .sslSocketFactory(certificate.trust().getSocketFactory(), certificate.trusts())
                .protocols(offered())
                .addNetworkInterceptor(
                        chain -> {
                            var response = chain.proceed(chain.request());
                            spoken.add(response.protocol());
                            return response;
                        });
    }

    private List<Protocol> offered() {
        return switch (wire) {
            case HTTP_1, HTTP_1_TLS -> List.of(Protocol.HTTP_1_1);
            case HTTP_2 -> List.of(Protocol.H2_PRIOR_KNOWLEDGE);
            case HTTP_2_TLS -> List.of(Protocol.HTTP_2, Protocol.HTTP_1_1);
        };
    }

    void assertSpoken() {
        Protocol expected =
                switch (wire) {
                    case HTTP_1, HTTP_1_TLS -> Protocol.HTTP_1_1;
                    case HTTP_2 -> Protocol.H2_PRIOR_KNOWLEDGE;
                    case HTTP_2_TLS -> Protocol.HTTP_2;
                };
        assertEquals(Set.of(expected), spoken);
    }
}
