package benchmarks;

import benchmarks.LoadClient.Figures;
import benchmarks.ServerProcess.Usage;
import java.io.IOException;
import java.time.Duration;

/** One scenario on one freshly started server. */
final class Measurement {
    // Long enough for a server to finish the work that connecting caused.
    private static final Duration SETTLE = Duration.ofSeconds(1);

    // Longer than the interval in which the JVM returns freed native memory.
    private static final Duration TRIM = Duration.ofSeconds(3);

    private static final double NONE = Double.NaN;

    private final Scenario scenario;
    private final Load load;

    Measurement(Scenario scenario, Load load) {
        this.scenario = scenario;
        this.load = load;
    }

    /**
     * The results of a run; NaN for a figure that the scenario does not measure.
     *
     * @param cpu CPU time of the server per delivery, in microseconds
     * @param perSecond deliveries per second
     * @param p50 the median in milliseconds: of a round, and in {@code rate} of a delivery
     * @param resident memory of the server per follower, in KiB
     * @param heap memory of the server's heap per follower, in bytes
     * @param connect CPU time of the server per connect, in microseconds
     * @param resumed the same for a connect that resumes a session
     * @param resumedShare the connects that could resume their session, in percent
     * @param others CPU time of other processes, in percent of the machine
     * @param faults the text of {@link Faults}
     */
    record Result(
            double cpu,
            double perSecond,
            double p50,
            double p99,
            double resident,
            double heap,
            double connect,
            double resumed,
            double resumedShare,
            double others,
            String faults) {

        static Result failed(String why) {
            return deliveries(NONE, NONE, NONE, NONE, NONE, why);
        }

        static Result deliveries(
                double cpu,
                double perSecond,
                double p50,
                double p99,
                double others,
                String faults) {
            return new Result(
                    cpu, perSecond, p50, p99, NONE, NONE, NONE, NONE, NONE, others, faults);
        }

        static Result memory(
                double resident, double heap, double connect, double others, String faults) {
            return new Result(
                    NONE, NONE, NONE, NONE, resident, heap, connect, NONE, NONE, others, faults);
        }

        static Result connects(
                double full, double resumed, double share, double others, String faults) {
            return new Result(
                    NONE, NONE, NONE, NONE, NONE, NONE, full, resumed, share, others, faults);
        }

        boolean isSound() {
            return faults.equals(Faults.NONE);
        }
    }

    Result of(ServerProcess server) throws IOException, InterruptedException {
        var payload = new Payload(scenario == Scenario.TICKS ? 0 : load.payload);
        try (var connections = connections(server);
                var client = new LoadClient(connections, payload)) {
            if (scenario == Scenario.CONNECTS) {
                return connects(server, client, connections);
            }
            if (scenario == Scenario.MEMORY) {
                return memory(server, client);
            }
            Usage before = server.usage();
            client.follow(path(), load.followers);
            if (scenario == Scenario.IDLE) {
                return idle(server, client, before);
            }
            warmUp(client);
            Usage start = server.usage();
            var others = new Others(server);
            Figures figures = load(client);
            Duration cpu = server.usage().cpu().minus(start.cpu());
            return result(figures, cpu, others.percent(), client.faults());
        }
    }

    private Connections connections(ServerProcess server) throws IOException {
        Wire wire = load.wire();
        // What a connection costs is that of one with a stream alone.
        int streams = scenario == Scenario.CONNECTS ? 1 : load.streams;
        return wire.isSecure()
                ? new SecureConnections(server.address(), wire, "TLSv" + load.tlsVersion, streams)
                : new PlainConnections(server.address());
    }

    private String path() {
        return scenario == Scenario.TICKS ? "/ticks?ms=" + load.period : "/events";
    }

    /**
     * The first wave warms the server up and shows its memory; the second shows the cost of a
     * connect.
     */
    private Result idle(ServerProcess server, LoadClient client, Usage before) throws IOException {
        client.listen(SETTLE);
        double resident = server.usage().resident() - before.resident();
        long end = System.nanoTime() + load.warming().toNanos();
        do {
            client.closeStreams();
            client.listen(SETTLE);
            client.follow(path(), load.followers);
        } while (System.nanoTime() - end < 0);
        client.closeStreams();
        client.listen(SETTLE);
        Duration start = server.usage().cpu();
        var others = new Others(server);
        client.follow(path(), load.followers);
        client.listen(SETTLE);
        double connect = micros(server.usage().cpu().minus(start)) / load.followers;
        return Result.memory(
                resident / 1024 / load.followers,
                NONE,
                connect,
                others.percent(),
                client.faults().toString());
    }

    /** Waves of connections warm up: full handshakes, and then the same number of resumed ones. */
    private Result connects(ServerProcess server, LoadClient client, Connections connections)
            throws IOException {
        long end = System.nanoTime() + load.warming().toNanos();
        boolean secure = load.wire().isSecure();
        do {
            wave(server, client);
            if (secure) {
                connections.resumeSessions();
                wave(server, client);
            }
        } while (System.nanoTime() - end < 0);
        var others = new Others(server);
        double full = wave(server, client);
        double resumed = NONE;
        double share = NONE;
        if (secure) {
            int before = connections.fullHandshakes();
            connections.resumeSessions();
            resumed = wave(server, client);
            share = 100.0 - 100.0 * (connections.fullHandshakes() - before) / load.followers;
        }
        return Result.connects(full, resumed, share, others.percent(), client.faults().toString());
    }

    /** Returns the CPU time of a connect in microseconds. The closing is not a part of it. */
    private double wave(ServerProcess server, LoadClient client) throws IOException {
        Duration start = server.usage().cpu();
        client.follow(path(), load.followers);
        client.listen(SETTLE);
        double connect = micros(server.usage().cpu().minus(start)) / load.followers;
        client.closeStreams();
        client.listen(SETTLE);
        return connect;
    }

    /**
     * A fifth of the followers opens and closes until the server is warm, and then stays. What the
     * others add is the result, so that what the server uses itself does not count.
     */
    private Result memory(ServerProcess server, LoadClient client)
            throws IOException, InterruptedException {
        int few = Math.max(1, load.followers / 5);
        int more = load.followers - few;
        long end = System.nanoTime() + load.warming().toNanos();
        do {
            client.follow(path(), few);
            client.listen(SETTLE);
            client.closeStreams();
            client.listen(SETTLE);
        } while (System.nanoTime() - end < 0);
        var others = new Others(server);
        client.follow(path(), few);
        client.listen(SETTLE);
        double heap = server.heap();
        client.listen(TRIM);
        long resident = server.usage().resident();
        client.follow(path(), more);
        client.listen(SETTLE);
        heap = server.heap() - heap;
        client.listen(TRIM);
        resident = server.usage().resident() - resident;
        return Result.memory(
                resident / 1024.0 / more,
                heap / more,
                NONE,
                others.percent(),
                client.faults().toString());
    }

    private void warmUp(LoadClient client) throws IOException {
        if (scenario == Scenario.TICKS) {
            client.listen(load.warming());
            return;
        }
        client.begin();
        client.closedLoop(scenario == Scenario.PIPELINED ? 16 : 1, 50, load.warming());
    }

    private Figures load(LoadClient client) throws IOException {
        return switch (scenario) {
            case BROADCAST -> client.closedLoop(1, 10, load.measured());
            case PIPELINED -> client.closedLoop(16, 32, load.measured());
            case RATE -> client.rate(load.rate, 10, load.measured());
            case TICKS, IDLE, CONNECTS, MEMORY -> client.listen(load.measured());
        };
    }

    private Result result(Figures figures, Duration cpu, double others, Faults faults) {
        double deliveries = figures.deliveries();
        Times times = scenario == Scenario.RATE ? figures.latencies() : figures.rounds();
        return Result.deliveries(
                micros(cpu) / deliveries,
                deliveries * 1e9 / figures.time().toNanos(),
                times.quantile(0.5) / 1e6,
                times.quantile(0.99) / 1e6,
                others,
                faults.toString());
    }

    private static double micros(Duration time) {
        return time.toNanos() / 1e3;
    }
}
