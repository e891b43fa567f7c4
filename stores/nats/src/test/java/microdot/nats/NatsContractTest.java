package microdot.nats;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import microdot.sse.store.EventStore;
import microdot.testing.EventStoreContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The contract of stores, on a real nats-server. */
class NatsContractTest extends EventStoreContract {
    @TempDir Path folder;
    private final List<NatsStore> stores = new ArrayList<>();
    private NatsServer server;

    @BeforeEach
    void start() {
        server = new NatsServer(folder);
    }

    @AfterEach
    void stop() {
        stores.forEach(NatsStore::close);
        server.close();
    }

    @Override
    protected EventStore newNode() {
        NatsStore store = NatsStore.connect(server.url());
        stores.add(store);
        return store;
    }

    @Override
    protected void restartEngine() {
        server.stop();
        server.start();
    }
}
