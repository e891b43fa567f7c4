package microdot.redis;

import microdot.sse.store.EventStore;
import microdot.stores.NetworkCutCases;
import microdot.stores.NetworkNamespace;
import org.jspecify.annotations.Nullable;

/** The network between nodes and Redis stops. */
class NetworkCutTest extends NetworkCutCases {
    @Override
    protected Engine start(@Nullable NetworkNamespace network) {
        return RedisServer.in(
                network, "--appendonly", "yes", "--save", "", "--protected-mode", "no");
    }

    @Override
    protected EventStore node(String host, int port) {
        return RedisStore.connect("redis://" + host + ":" + port).timeout(TIMEOUT);
    }
}
