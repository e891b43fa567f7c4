package microdot.nats;

import java.nio.file.Path;
import microdot.sse.store.EventStore;
import microdot.stores.NetworkCutCases;
import microdot.stores.NetworkNamespace;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** The network between nodes and NATS stops. */
class NatsNetworkCutTest extends NetworkCutCases {
    @TempDir Path folder;

    @Override
    protected Engine start(@Nullable NetworkNamespace network) {
        return new NatsServer(folder, "", network);
    }

    @Override
    protected EventStore node(String host, int port) {
        return NatsStore.connect("nats://" + host + ":" + port).timeout(TIMEOUT);
    }
}
