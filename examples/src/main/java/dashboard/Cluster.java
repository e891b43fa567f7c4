package dashboard;

import dashboard.processes.HaProxy;
import dashboard.processes.NodeProcess;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import microdot.Microdot;
import microdot.ServerOptions;

/**
 * Several nodes behind HAProxy. This process measures the machine, and has the camera and the runs,
 * which are not in the store; so no reading is lost when a node ends.
 */
final class Cluster {
    private final Lifetime lifetime;
    private final Feed feed;
    private final List<NodeProcess> nodes = new ArrayList<>();

    Cluster(Lifetime lifetime, Feed feed) {
        this.lifetime = lifetime;
        this.feed = feed;
    }

    /** Starts all, and prints the addresses and the numbers of the processes. */
    void start(
            Microdot app,
            Path folder,
            InetSocketAddress address,
            int count,
            StoreChoice store,
            double rate) {
        var options = new ServerOptions().host("127.0.0.1").port(0).trustedProxies("127.0.0.1");
        var publisher = lifetime.add(app.start(options));
        for (int number = 1; number <= count; number++) {
            startNode(number, List.of("" + number, store.text(), "" + rate));
        }
        List<Integer> ports = nodes.stream().map(NodeProcess::port).toList();
        var proxy = lifetime.add(HaProxy.start(folder, address, ports, publisher.port()));
        // Before HAProxy ends, the nodes close their streams properly.
        lifetime.add(
                () -> {
                    nodes.forEach(NodeProcess::terminate);
                    nodes.forEach(NodeProcess::close);
                });
        for (int i = 0; i < count; i++) {
            System.out.printf(
                    "Node %d: http://127.0.0.1:%d (process %d)%n",
                    i + 1, ports.get(i), nodes.get(i).pid());
        }
        System.out.printf("HAProxy: process %d%n", proxy.pid());
    }

    private void startNode(int number, List<String> arguments) {
        nodes.add(
                lifetime.add(
                        NodeProcess.start(
                                number, Node.class, arguments, status -> ended(number, status))));
    }

    private void ended(int number, int status) {
        System.out.printf(
                "Node %d has ended with status %d. Its pages resume on another node, if one is left.%n",
                number, status);
        feed.removeConnections(number);
    }
}
