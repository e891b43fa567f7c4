package benchmarks;

import benchmarks.LoadClient.Figures;
import benchmarks.ServerProcess.Usage;
import java.io.IOException;
import java.time.Duration;

/** One scenario on one freshly started server. */
final class Measurement {
    // Long enough for a server to finish the work that connecting caused.
    private static final Duration SETTLE = Duration.ofSeconds(1);

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
     * @param connect CPU time of the server per connect, in microseconds
     * @param others CPU time of other processes, in percent of the machine
     * @param faults the text of {@link Faults}
     */
    record Result(
            double cpu,
            double perSecond,
            double p50,
            double p99,
            double resident,
            double connect,
            double others,
            String faults) {

        static Result failed(String why) {
            double none = Double.NaN;
            return new Result(none, none, none, none, none, none, none, why);
        }

        boolean isSound() {
            return faults.equals(Faults.NONE);
        }
    }

    Result of(ServerProcess server) throws IOException {
        var payload = new Payload(scenario == Scenario.TICKS ? 0 : load.payload);
        try (var client = new LoadClient(server.address(), payload)) {
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
        double none = Double.NaN;
        return new Result(
                none,
                none,
                none,
                none,
                resident / 1024 / load.followers,
                connect,
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
            case TICKS, IDLE -> client.listen(load.measured());
        };
    }

    private Result result(Figures figures, Duration cpu, double others, Faults faults) {
        double deliveries = figures.deliveries();
        Times times = scenario == Scenario.RATE ? figures.latencies() : figures.rounds();
        return new Result(
                micros(cpu) / deliveries,
                deliveries * 1e9 / figures.time().toNanos(),
                times.quantile(0.5) / 1e6,
                times.quantile(0.99) / 1e6,
                Double.NaN,
                Double.NaN,
                others,
                faults.toString());
    }

    private static double micros(Duration time) {
        return time.toNanos() / 1e3;
    }
}
