package microdot.nats;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import microdot.stores.PublishingNodes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * NATS is killed again and again while three nodes publish and follow: nothing that was
 * acknowledged is missing, doubled or out of order. More often with {@code -Dsoak.crashes=20}.
 */
class NatsCrashTest {
    private static final int CRASHES = Integer.getInteger("soak.crashes", 3);

    @TempDir Path folder;

    @Test
    @Timeout(900)
    void killedServerLosesNothing() throws Exception {
        try (var server = new NatsServer(folder)) {
            NatsStore store = NatsStore.connect(server.url()).timeout(Duration.ofSeconds(20));
            var nodes = List.of(store, store.maxInFlight(100), store.maxInFlight(200));
            try (var publishing = new PublishingNodes(Duration.ofSeconds(20), nodes)) {
                for (int crash = 0; crash < CRASHES; crash++) {
                    publishing.published().awaitAcknowledged(20 + crash % 7);
                    server.kill();
                    server.start();
                }
                publishing.published().awaitAcknowledged(20);
                publishing.finish();
            }
        }
    }
}
