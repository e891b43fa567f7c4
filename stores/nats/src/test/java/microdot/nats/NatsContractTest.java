package microdot.nats;

import io.nats.client.Connection;
import io.nats.client.Nats;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.sse.store.EventStore;
import microdot.testing.EventStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract of stores, on a real nats-server: each case has a stream of its own. */
class NatsContractTest extends EventStoreContract {
    private static final AtomicInteger CASES = new AtomicInteger();
    @TempDir static Path folder;
    private static NatsServer server;

    private final String namespace = "case-" + CASES.incrementAndGet();
    private final List<NatsStore> stores = new ArrayList<>();

    @BeforeAll
    static void start() {
        server = new NatsServer(folder);
    }

    @AfterAll
    static void end() {
        server.close();
    }

    @AfterEach
    void stop() {
        stores.forEach(NatsStore::close);
    }

    @Override
    protected EventStore newNode() {
        // The streams of all cases together must fit.
        NatsStore store = NatsStore.connect(server.url()).namespace(namespace).maxBytes(64 << 20);
        stores.add(store);
        return store;
    }

    @Override
    protected boolean emptyEngine() throws Exception {
        try (Connection connection = Nats.connect(server.url())) {
            connection.jetStreamManagement().deleteStream("microdot-" + namespace);
        }
        return true;
    }

    @Override
    protected void restartEngine() {
        server.stop();
        server.start();
    }
}
