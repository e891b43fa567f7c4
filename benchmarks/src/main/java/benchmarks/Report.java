package benchmarks;

import benchmarks.Measurement.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** All results and the tables of their medians. */
final class Report {
    private final List<Contestant> servers;
    private final List<Scenario> scenarios;
    private final Load load;
    private final Map<Scenario, Map<Contestant, List<Result>>> results = new TreeMap<>();

    Report(List<Contestant> servers, List<Scenario> scenarios, Load load) {
        this.servers = servers;
        this.scenarios = scenarios;
        this.load = load;
    }

    /** A column of the tables. */
    private record Column(String title, int digits, ToDoubleFunction<Result> value) {}

    private static final Column OTHERS = new Column("others %", 0, Result::others);

    private static final List<Column> OF_IDLE =
            List.of(
                    new Column("KiB a follower", 1, Result::resident),
                    new Column("CPU µs a connect", 0, Result::connect),
                    OTHERS);

    private static final List<Column> OF_MEMORY =
            List.of(
                    new Column("KiB a follower", 1, Result::resident),
                    new Column("bytes of heap a follower", 0, Result::heap),
                    OTHERS);

    private static final List<Column> OF_CONNECTS =
            List.of(
                    new Column("CPU µs a connect", 0, Result::connect),
                    new Column("CPU µs a resumed one", 0, Result::resumed),
                    new Column("resumed %", 0, Result::resumedShare),
                    OTHERS);

    private static final List<Column> OF_TICKS =
            List.of(
                    new Column("CPU µs a delivery", 2, Result::cpu),
                    new Column("deliveries/s", 0, Result::perSecond),
                    OTHERS);

    private static final List<Column> OF_EVENTS =
            List.of(
                    new Column("CPU µs a delivery", 2, Result::cpu),
                    new Column("deliveries/s", 0, Result::perSecond),
                    new Column("p50 ms", 2, Result::p50),
                    new Column("p99 ms", 2, Result::p99),
                    OTHERS);

    private static List<Column> columns(Scenario scenario) {
        return switch (scenario) {
            case IDLE -> OF_IDLE;
            case TICKS -> OF_TICKS;
            case MEMORY -> OF_MEMORY;
            case CONNECTS -> OF_CONNECTS;
            case BROADCAST, PIPELINED, RATE -> OF_EVENTS;
        };
    }

    void add(Scenario scenario, Contestant server, Result result) {
        results.computeIfAbsent(scenario, s -> new TreeMap<>())
                .computeIfAbsent(server, s -> new ArrayList<>())
                .add(result);
    }

    boolean isSound() {
        return results.values().stream()
                .flatMap(each -> each.values().stream())
                .flatMap(List::stream)
                .allMatch(Result::isSound);
    }

    List<Scenario> scenarios() {
        return scenarios;
    }

    List<Contestant> servers() {
        return servers;
    }

    /** Returns the scenario's first figure, which is compared; NaN when there is none. */
    double headline(Scenario scenario, Contestant server) {
        return median(scenario, server, columns(scenario).getFirst().value);
    }

    static String headlineTitle(Scenario scenario) {
        return columns(scenario).getFirst().title;
    }

    private double median(Scenario scenario, Contestant server, ToDoubleFunction<Result> value) {
        double[] sorted =
                results.getOrDefault(scenario, Map.of()).getOrDefault(server, List.of()).stream()
                        .filter(Result::isSound)
                        .mapToDouble(value)
                        .filter(number -> !Double.isNaN(number))
                        .sorted()
                        .toArray();
        int middle = sorted.length / 2;
        return switch (sorted.length) {
            case 0 -> Double.NaN;
            default ->
                    sorted.length % 2 == 1
                            ? sorted[middle]
                            : (sorted[middle - 1] + sorted[middle]) / 2;
        };
    }

    // ---- As text ----

    static String brief(Scenario scenario, Result result) {
        if (!result.isSound()) {
            return result.faults();
        }
        return columns(scenario).stream()
                .map(c -> number(c.value.applyAsDouble(result), c.digits) + " " + c.title)
                .collect(Collectors.joining(", "));
    }

    String text() {
        var text = new StringBuilder();
        text.append(load.wire().text)
                .append(load.wire().isSecure() ? " " + load.tlsVersion : "")
                .append(
                        load.wire() == Wire.HTTP2
                                ? ", streams on a connection: " + load.streams
                                : "")
                .append("; ");
        text.append(
                "%d followers, %d bytes; %d s after %d s of warm-up; median of %d; %s, %d cores, Java %s\n"
                        .formatted(
                                load.followers,
                                load.payload,
                                load.seconds,
                                load.warmUp,
                                load.repetitions,
                                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                                Runtime.getRuntime().availableProcessors(),
                                Runtime.version()));
        scenarios.forEach(scenario -> table(text, scenario));
        return text.toString();
    }

    private void table(StringBuilder text, Scenario scenario) {
        List<Column> columns = columns(scenario);
        text.append("\n**")
                .append(scenario.id())
                .append("**: ")
                .append(scenario.text)
                .append("\n\n");
        var titles = new ArrayList<>(columns.stream().map(Column::title).toList());
        titles.add("times ours");
        row(text, "server", titles, "faults");
        row(text, "---", titles.stream().map(title -> "---:").toList(), "---");
        for (Contestant server : servers) {
            List<Result> all = results.getOrDefault(scenario, Map.of()).get(server);
            if (all != null) {
                var cells = new ArrayList<String>();
                columns.forEach(
                        c -> cells.add(number(median(scenario, server, c.value), c.digits)));
                double ours = headline(scenario, Contestant.OURS);
                cells.add(number(headline(scenario, server) / ours, 2));
                row(text, name(server), cells, faults(all));
            }
        }
    }

    private String name(Contestant server) {
        return load.wire().isSecure() ? server.id() + ", " + server.tls() : server.id();
    }

    private static String faults(List<Result> all) {
        return all.stream()
                .filter(result -> !result.isSound())
                .map(Result::faults)
                .distinct()
                .collect(
                        Collectors.collectingAndThen(
                                Collectors.joining("; "), s -> s.isEmpty() ? "none" : s));
    }

    private static void row(StringBuilder text, String first, List<String> cells, String last) {
        var all = new ArrayList<String>();
        all.add(first);
        all.addAll(cells);
        all.add(last);
        text.append("| ").append(String.join(" | ", all)).append(" |\n");
    }

    static String number(double value, int digits) {
        return Double.isNaN(value)
                ? "–"
                : String.format(java.util.Locale.ROOT, "%,." + digits + "f", value);
    }
}
