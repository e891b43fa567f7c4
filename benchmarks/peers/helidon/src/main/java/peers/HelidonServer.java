package peers;

import io.helidon.common.configurable.Resource;
import io.helidon.common.pki.Keys;
import io.helidon.common.tls.Tls;
import io.helidon.http.sse.SseEvent;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.sse.SseSink;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/** Helidon SE: a virtual thread for each stream, and a queue that feeds it. */
public final class HelidonServer {
    private static final SseEvent HELLO = SseEvent.builder().comment("hello").build();

    // By identity: queues are not compared, and this set has as many as there are streams.
    private record Client(BlockingQueue<SseEvent> queue) {
        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    private static final Set<Client> CLIENTS = ConcurrentHashMap.newKeySet();

    private HelidonServer() {}

    public static void main(String[] args) {
        WebServerConfig.Builder builder = WebServer.builder();
        if (args.length > 1) {
            builder.tls(tls(Path.of(args[1])));
        }
        builder.host("127.0.0.1")
                .port(Integer.parseInt(args[0]))
                .routing(
                        routing ->
                                routing.get("/events", HelidonServer::follow)
                                        .post("/publish", HelidonServer::publish)
                                        .get("/ticks", HelidonServer::tick))
                .build()
                .start();
    }

    /** The JDK's TLS; HTTP/2 by ALPN, because its module is there. */
    private static Tls tls(Path folder) {
        Keys keys =
                Keys.builder()
                        .pem(
                                pem ->
                                        pem.certChain(Resource.create(folder.resolve("chain.pem")))
                                                .key(Resource.create(folder.resolve("key.pem"))))
                        .build();
        return Tls.builder()
                .privateKey(keys)
                .privateKeyCertChain(keys)
                .enabledProtocols(List.of("TLSv1.3", "TLSv1.2"))
                .build();
    }

    private static void follow(ServerRequest request, ServerResponse response) throws Exception {
        var client = new Client(new LinkedBlockingQueue<>());
        CLIENTS.add(client);
        try (SseSink sink = response.sink(SseSink.TYPE)) {
            sink.emit(HELLO); // The head goes out with the first event.
            while (true) {
                sink.emit(client.queue.take());
            }
        } catch (UncheckedIOException e) {
            // The client has left.
        } finally {
            CLIENTS.remove(client);
        }
    }

    private static void publish(ServerRequest request, ServerResponse response) {
        SseEvent event = SseEvent.create(request.content().as(String.class));
        CLIENTS.forEach(client -> client.queue.add(event));
        response.status(204).send();
    }

    private static void tick(ServerRequest request, ServerResponse response) throws Exception {
        long period = Long.parseLong(request.query().get("ms"));
        try (SseSink sink = response.sink(SseSink.TYPE)) {
            for (long tick = 0; ; tick++) {
                sink.emit(SseEvent.create(Long.toString(tick)));
                Thread.sleep(period);
            }
        } catch (UncheckedIOException e) {
            // The client has left.
        }
    }
}
