package dashboard;

import java.time.Duration;
import microdot.ServerOptions;
import microdot.sse.Topics;

/** A node of the demo: serves the pages and their streams from a store, and publishes nothing. */
final class Node {
    private static final Duration COUNTED = Duration.ofSeconds(1);

    private Node() {}

    /** Started by {@link Cluster} with the number of the node, the store, and the rate. */
    public static void main(String[] arguments) {
        int number = Integer.parseInt(arguments[0]);
        StoreChoice store = StoreChoice.of(arguments[1]);
        double rate = Double.parseDouble(arguments[2]);
        var options = new ServerOptions().host("127.0.0.1").port(0).trustedProxies("127.0.0.1");
        try (var topics = new Topics(store.store())) {
            var feed = new Feed(topics, rate);
            try (var _ = Ticker.every(COUNTED, "count", () -> feed.publishConnections(number))) {
                Pages.pages(feed).run(options);
            }
        }
    }
}
