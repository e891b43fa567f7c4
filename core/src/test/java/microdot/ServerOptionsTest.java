package microdot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ServerOptionsTest {
    private static final ServerOptions OPTIONS = new ServerOptions();

    /** Every option with a value that is not its default. */
    private static final Map<String, Object> CHANGES =
            Map.ofEntries(
                    Map.entry("host", "::1"),
                    Map.entry("port", 1),
                    Map.entry("maxHead", 2),
                    Map.entry("maxBody", 3),
                    Map.entry("headTimeout", Duration.ofSeconds(4)),
                    Map.entry("bodyTimeout", Duration.ofSeconds(5)),
                    Map.entry("idleTimeout", Duration.ofSeconds(6)),
                    Map.entry("streamBuffer", 7),
                    Map.entry("heartbeat", Duration.ofSeconds(8)),
                    Map.entry("halfOpen", Duration.ofSeconds(9)),
                    Map.entry("closeTimeout", Duration.ofSeconds(10)),
                    Map.entry("maxStreams", 11),
                    Map.entry("maxStreamsPerAddress", 12),
                    Map.entry("maxConcurrentStreams", 7),
                    Map.entry("maxStreamAge", Duration.ofSeconds(13)),
                    Map.entry("reconnectsPerSecond", 14),
                    Map.entry("maxMemory", 15L),
                    Map.entry("maxFields", 16),
                    Map.entry("stallTimeout", Duration.ofSeconds(17)),
                    Map.entry("minRate", 18),
                    Map.entry("maxConnections", 19),
                    Map.entry("maxConnectionsPerAddress", 20),
                    Map.entry("maxRequests", 21),
                    Map.entry("maxRequestsPerAddress", 22),
                    Map.entry("onFailure", (Consumer<Throwable>) failure -> {}),
                    Map.entry("blockingThreads", 22),
                    Map.entry("interruptAbandoned", true),
                    Map.entry("accessLog", AccessLog.json()),
                    Map.entry("hosts", List.of("app.example")),
                    Map.entry("trustedProxies", List.of("10.0.0.0/8")),
                    Map.entry("proxyProtocol", true),
                    Map.entry("tls", Tls.selfSigned()),
                    Map.entry("listen", List.of(Listener.of("http://127.0.0.1:1"))),
                    Map.entry("redirectHttp", 23));

    @Test
    void copyKeepsEveryOtherOption() throws ReflectiveOperationException {
        Map<String, Object> defaults = values(OPTIONS);
        assertEquals(defaults.keySet(), CHANGES.keySet());
        ServerOptions all = OPTIONS;
        for (Map.Entry<String, Object> change : CHANGES.entrySet()) {
            ServerOptions one = changed(OPTIONS, change);
            var expected = new HashMap<>(defaults);
            expected.put(change.getKey(), change.getValue());
            if (change.getKey().equals("tls")) {
                expected.put("reconnectsPerSecond", 150); // The default with TLS.
            }
            assertEquals(expected, values(one));
            all = changed(all, change);
        }
        assertEquals(CHANGES, values(all));
        assertEquals(defaults, values(OPTIONS));
    }

    private static ServerOptions changed(ServerOptions options, Map.Entry<String, Object> change)
            throws ReflectiveOperationException {
        Object value =
                switch (change.getValue()) {
                    case List<?> list when list.getFirst() instanceof Listener ->
                            list.toArray(Listener[]::new);
                    case List<?> texts -> texts.toArray(String[]::new);
                    default -> change.getValue();
                };
        for (Method method : ServerOptions.class.getMethods()) {
            if (method.getName().equals(change.getKey()) && method.getParameterCount() == 1) {
                return (ServerOptions) method.invoke(options, new Object[] {value});
            }
        }
        throw new AssertionError(change.getKey());
    }

    private static Map<String, Object> values(ServerOptions options)
            throws ReflectiveOperationException {
        var values = new HashMap<String, Object>();
        for (Method method : ServerOptions.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && method.getParameterCount() == 0) {
                values.put(method.getName(), method.invoke(options));
            }
        }
        return values;
    }

    static Stream<Executable> mistakes() {
        Duration less = Duration.ofMillis(-1);
        return Stream.of(
                () -> OPTIONS.port(-1),
                () -> OPTIONS.port(65536),
                () -> OPTIONS.maxHead(0),
                () -> OPTIONS.maxBody(-1),
                () -> OPTIONS.streamBuffer(0),
                () -> OPTIONS.maxMemory(-1),
                () -> OPTIONS.maxFields(0),
                () -> OPTIONS.stallTimeout(Duration.ZERO),
                () -> OPTIONS.minRate(-1),
                () -> OPTIONS.maxConnections(-1),
                () -> OPTIONS.maxConnectionsPerAddress(-1),
                () -> OPTIONS.maxRequests(0),
                () -> OPTIONS.maxStreams(0),
                () -> OPTIONS.maxStreamsPerAddress(-1),
                () -> OPTIONS.maxRequestsPerAddress(-1),
                () -> OPTIONS.reconnectsPerSecond(0),
                () -> OPTIONS.blockingThreads(0),
                () -> OPTIONS.headTimeout(Duration.ZERO),
                () -> OPTIONS.bodyTimeout(Duration.ZERO),
                () -> OPTIONS.idleTimeout(less),
                () -> OPTIONS.heartbeat(less),
                () -> OPTIONS.halfOpen(less),
                () -> OPTIONS.closeTimeout(less),
                () -> OPTIONS.maxStreamAge(less),
                () -> OPTIONS.maxStreamAge(Duration.ofDays(36_500)),
                () -> OPTIONS.heartbeat(Duration.ofSeconds(Long.MAX_VALUE)),
                () -> OPTIONS.hosts("https://app.example"),
                () -> OPTIONS.hosts("app.example:8443"),
                () -> OPTIONS.hosts("[::1]"),
                () -> OPTIONS.hosts("app.*"),
                () -> OPTIONS.hosts("bücher.example"),
                () -> OPTIONS.hosts("app.example", ""),
                () -> OPTIONS.trustedProxies("proxy.example"),
                () -> OPTIONS.trustedProxies("127.0.0.1", "10.0.0.0/33"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void valueOutOfRangeIsRejected(Executable mistake) {
        assertThrows(IllegalArgumentException.class, mistake);
    }

    @Test
    void messageNamesTheValueAndWhatWasExpected() {
        var error = assertThrows(IllegalArgumentException.class, () -> OPTIONS.port(65536));
        assertEquals("port: 65536 (expected: 0 to 65535)", error.getMessage());
        error =
                assertThrows(
                        IllegalArgumentException.class, () -> OPTIONS.headTimeout(Duration.ZERO));
        assertEquals(
                "headTimeout: PT0S (expected: more than zero, less than 36500 days)",
                error.getMessage());
        error =
                assertThrows(
                        IllegalArgumentException.class, () -> OPTIONS.trustedProxies("10.0.0.1/8"));
        assertEquals(
                "trustedProxies: \"10.0.0.1/8\" (expected: no bits of the address after the first"
                        + " 8)",
                error.getMessage());
    }

    @Test
    void hostsAreKeptInLowerCase() {
        assertEquals(
                List.of("app.example", "*.example.org", "*", "::1"),
                OPTIONS.hosts("App.Example", "*.Example.org", "*", "::1").hosts());
    }
}
