package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import microdot.JsonCodec;
import microdot.sse.store.MemoryStore;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that hop between nodes of one store, while nodes are closed and others start: what each
 * gets is complete, in order and without anything twice, or a gap says what is missing.
 */
@Timeout(120)
class StoreLawTest {
    private static final List<String> NAMES = List.of("a", "b", "c");
    private static final int NODES = 3;
    private static final int EVENTS = 1500;
    private static final Duration SOON = Duration.ofMillis(20);

    private final MemoryStore store = new MemoryStore();
    private final Topics[] nodes = new Topics[NODES];
    private final AtomicBoolean done = new AtomicBoolean();
    private final int[] numbers = new int[NAMES.size()];
    private TopicOptions options = new TopicOptions();

    private Topics newNode() {
        return new Topics(store.node()).options("", options);
    }

    /** What one client got: the numbers of each topic, and what gaps covered. */
    private static final class Client {
        private final Map<String, Integer> last = new HashMap<>();
        private int gaps;
        private String id;

        Client(String id) {
            this.id = id;
        }

        void take(Event event) {
            if (event.id() != null) {
                id = event.id();
            }
            if ("gap".equals(event.event())) {
                Gap gap = JsonCodec.standard().decode(bytes(event), Gap.class);
                last.remove(gap.topic()); // Any number may follow.
                gaps++;
            } else if (event.event() == null) {
                String[] parts = String.valueOf(event.data()).split(" ", -1);
                int number = Integer.parseInt(parts[1]);
                Integer before = last.put(parts[0], number);
                assertTrue(
                        before == null || number == before + 1,
                        () -> parts[0] + ": " + number + " after " + before);
            }
        }

        private static byte[] bytes(Event event) {
            return String.valueOf(event.data()).getBytes(UTF_8);
        }
    }

    private void publish(Random random) {
        for (int i = 0; i < EVENTS; i++) {
            int topic = random.nextInt(NAMES.size());
            int node = random.nextInt(NODES);
            String text = NAMES.get(topic) + " " + numbers[topic]++ + " " + "x".repeat(100);
            if (random.nextInt(20) == 0) {
                String more = NAMES.get(topic) + " " + numbers[topic]++;
                nodes[node].publish(NAMES.get(topic), List.of(Event.of(text), Event.of(more)));
            } else {
                nodes[node].publish(NAMES.get(topic), text);
            }
            if (random.nextInt(300) == 0) {
                synchronized (nodes) {
                    Topics old = nodes[node];
                    nodes[node] = newNode();
                    old.close();
                }
            }
        }
    }

    /** Follows on one node for a while; at last until it has the last number of each topic. */
    private void visit(Client client, Random random, boolean last) {
        Topics node;
        synchronized (nodes) {
            node = nodes[random.nextInt(NODES)];
        }
        String[] names = NAMES.toArray(String[]::new);
        int most = last ? Integer.MAX_VALUE : random.nextInt(1, 80);
        try (Subscription subscription = node.followAfter(client.id, names)) {
            for (int i = 0; i < most && !(last && isComplete(client)); i++) {
                Event event = last ? subscription.next() : subscription.poll(SOON);
                if (event == null) {
                    return;
                }
                client.take(event);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean isComplete(Client client) {
        for (int i = 0; i < NAMES.size(); i++) {
            Integer number = client.last.get(NAMES.get(i));
            if (number == null || number != numbers[i] - 1) {
                return false;
            }
        }
        return true;
    }

    private List<Client> run(long seed, int clients) throws Exception {
        for (int i = 0; i < NODES; i++) {
            nodes[i] = newNode();
        }
        var all = new ArrayList<Client>();
        var threads = new ArrayList<Thread>();
        var failures = new ArrayList<Throwable>();
        for (int i = 0; i < clients; i++) {
            var client = new Client(nodes[0].lastEventId());
            all.add(client);
            var random = new Random(seed + 1 + i);
            threads.add(
                    Thread.ofVirtual()
                            .uncaughtExceptionHandler(
                                    (thread, failure) -> {
                                        synchronized (failures) {
                                            failures.add(failure);
                                        }
                                    })
                            .start(
                                    () -> {
                                        while (!done.get()) {
                                            visit(client, random, false);
                                        }
                                        visit(client, random, true);
                                    }));
        }
        publish(new Random(seed));
        done.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), failures);
        return all;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsLostInSilence(boolean enough) throws Exception {
        long seed = new Random().nextLong();
        System.out.println("microdot.test.seed=" + seed);
        options =
                enough
                        ? new TopicOptions().keepEvents(10_000).keepBytes(10 << 20)
                        : new TopicOptions().keepEvents(30);
        for (Client client : run(seed, 8)) {
            assertTrue(isComplete(client), () -> "seed " + seed);
            assertTrue(!enough || client.gaps == 0, () -> "seed " + seed);
        }
    }
}
