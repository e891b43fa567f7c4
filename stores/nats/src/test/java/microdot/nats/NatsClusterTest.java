package microdot.nats;

import static microdot.nats.NatsStoreTest.append;
import static microdot.nats.NatsStoreTest.event;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import microdot.sse.store.Append;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of three servers of which each is killed once; it takes half a minute. */
@EnabledIfSystemProperty(named = "soak.crashes", matches = ".+")
@Timeout(180)
class NatsClusterTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir Path folder;
    private final List<NatsServer> servers = new ArrayList<>();
    private final List<NatsStore> stores = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ports.add(NatsServer.freePort());
        }
        String routes =
                ports.stream()
                        .map(port -> "\"nats://127.0.0.1:" + port + "\"")
                        .collect(Collectors.joining(", "));
        for (int i = 0; i < 3; i++) {
            Path own = Files.createDirectory(folder.resolve("server" + i));
            String cluster =
                    "server_name: s%d\ncluster { name: c, listen: \"127.0.0.1:%d\", routes: [%s] }"
                            .formatted(i, ports.get(i), routes);
            servers.add(new NatsServer(own, cluster));
        }
    }

    @AfterEach
    void stop() {
        stores.forEach(NatsStore::close);
        servers.forEach(NatsServer::close);
    }

    /** Opens a store; the servers may still elect a leader. */
    private NatsStore open(RecordedTail tail) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            NatsStore store =
                    NatsStore.connect(servers.stream().map(NatsServer::url).toArray(String[]::new))
                            .replicas(3)
                            .timeout(Duration.ofSeconds(2));
            try {
                store.open(tail);
                stores.add(store);
                return store;
            } catch (StoreException e) {
                store.close();
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    /** Publishes until the publish is acknowledged. */
    private static long appendSurely(NatsStore store, String text) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        var once = new Append(List.of(event("a", text)), OptionalLong.empty(), text);
        while (true) {
            CompletableFuture<List<Long>> result = store.append(once).toCompletableFuture();
            try {
                return result.join().getFirst();
            } catch (CompletionException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    @Test
    void eachServerMayFailOnce() throws Exception {
        var tailA = new RecordedTail();
        var tailB = new RecordedTail();
        NatsStore a = open(tailA);
        open(tailB);
        List<Long> positions = new ArrayList<>();
        for (NatsServer server : servers) {
            for (int i = 0; i < 50; i++) {
                positions.add(appendSurely(a, server.port() + " " + i));
            }
            server.kill();
            positions.add(appendSurely(a, "without " + server.port()));
            server.start();
        }
        long last = appendSurely(a, "last");
        positions.add(last);
        tailB.await("last", () -> tailB.positions().contains(last));
        tailA.await("last", () -> tailA.positions().contains(last));
        assertEquals(tailA.positions(), tailB.positions());
        assertEquals(tailA.positions().stream().distinct().sorted().toList(), tailA.positions());
        assertEquals(positions.size(), new HashSet<>(positions).size());
        assertEquals(positions, tailA.positions(), "an idempotency key appends once");
        assertEquals(List.of(), tailA.epochs);
        assertTrue(append(a, event("a", "end")) > last);
    }
}
