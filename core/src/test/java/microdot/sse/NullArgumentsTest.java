package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import microdot.AccessLogEntry;
import microdot.Body;
import microdot.CloseReason;
import microdot.Cookie;
import microdot.Cors;
import microdot.Csrf;
import microdot.Headers;
import microdot.HttpException;
import microdot.Listener;
import microdot.Microdot;
import microdot.Outcome;
import microdot.Part;
import microdot.Request;
import microdot.Response;
import microdot.ServerOptions;
import microdot.Tls;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import microdot.sse.store.MemoryStore;
import microdot.sse.store.Page;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;
import microdot.structure.NullArguments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Null is refused by every public method, at once and with what was expected. */
class NullArgumentsTest {
    @Test
    @Timeout(60) // A method that takes null may wait for ever.
    void everyPublicMethodRefusesNull() {
        assertEquals("", String.join("\n", NullArguments.notRefused(publicClasses(), samples())));
    }

    private static Collection<Class<?>> publicClasses() {
        return new ClassFileImporter()
                        .importUrl(
                                Microdot.class.getProtectionDomain().getCodeSource().getLocation())
                        .stream()
                        .filter(
                                type ->
                                        List.of("microdot", "microdot.sse", "microdot.sse.store")
                                                .contains(type.getPackageName()))
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::reflect)
                        .collect(Collectors.toList());
    }

    private static Map<Class<?>, Object> samples() {
        var app = new Microdot();
        var client = InetSocketAddress.createUnresolved("client", 1);
        var request = new Request("GET", "/a", new Headers(), new byte[0], client, "http");
        var topics = new Topics();
        var runs = new Runs(topics);
        var frames = new StreamClosingFrames();
        Executor here = Runnable::run;
        var outcome = new Outcome(200, 0, 0, Duration.ZERO, null, null);
        Map<Class<?>, Object> samples =
                Stream.of(
                                app,
                                app.route(request),
                                client,
                                request,
                                frames,
                                topics,
                                new Sse(request, new FakeSink(here, bytes -> {}), frames),
                                topics.topic("a"),
                                topics.table("t", new TableOptions()),
                                new TableOptions(),
                                topics.stream("a"),
                                topics.follow("a"),
                                new Gap("a", null, "b", null, "slow"),
                                new History(List.of(), "b", false, null),
                                new TopicOptions(),
                                new RunOptions(),
                                new PublishOptions(),
                                RunOptions.WhenNobodyFollows.STOP,
                                runs,
                                runs.start(run -> {}),
                                TopicOptions.OnSlow.SKIP,
                                CloseReason.FAILED,
                                new Throwable(),
                                Event.of("a"),
                                new EventParser(event -> {}),
                                new Body.Empty(),
                                new ByteArrayInputStream(new byte[0]),
                                Cookie.of("a", "b"),
                                new Cors(),
                                new Csrf(),
                                new Headers(),
                                outcome,
                                new AccessLogEntry("client", "GET", "/a", null, false, outcome),
                                new HttpException(404),
                                new Part(
                                        "a",
                                        null,
                                        null,
                                        () -> new ByteArrayInputStream(new byte[0])),
                                new Response(),
                                new ServerOptions(),
                                Path.of("a"),
                                Duration.ofSeconds(1),
                                Instant.EPOCH,
                                new Object(),
                                Throwable.class,
                                "a",
                                new byte[0],
                                new String[] {"a"},
                                Listener.of("http://a:1"),
                                new Listener[] {Listener.of("http://a:1")},
                                Tls.selfSigned(),
                                Append.of(Entry.close("a")),
                                Entry.close("a"),
                                Entry.Kind.CLOSE,
                                new MemoryStore(),
                                new Page(0, List.of(), false),
                                StoreRetention.STANDARD,
                                new StoredEntry(1, 1, Entry.close("a")),
                                new StoreEpoch("0123456789", 0, 1),
                                new StoreException("a"),
                                OptionalLong.empty(),
                                404,
                                404L,
                                true)
                        .collect(Collectors.toMap(NullArgumentsTest::type, Function.identity()));
        samples.put(Long.class, 1L); // As a number that may be null.
        samples.put(List.class, List.of(Entry.close("a")));
        samples.put(X509Certificate.class, anyCertificate());
        return samples;
    }

    /** Returns a certificate of the authorities that Java trusts. */
    private static X509Certificate anyCertificate() {
        try {
            TrustManagerFactory factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            return ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers()[0];
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static Class<?> type(Object sample) {
        return switch (sample) {
            case Integer number -> int.class;
            case Long number -> long.class;
            case Boolean value -> boolean.class;
            case Path path -> Path.class;
            default -> sample.getClass();
        };
    }
}
