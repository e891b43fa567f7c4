package benchmarks;

import benchmarks.Measurement.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Measures what an event costs, in this server and in others. */
@Command(
        name = "bench",
        description = {
            "What an event costs within the core (JMH), and what a server uses to deliver it, ours beside others.",
            "Results are printed and written to target/bench."
        },
        mixinStandardHelpOptions = true,
        showDefaultValues = true)
public final class Bench implements Callable<Integer> {
    @Option(names = "--only", description = "Only one part: ${COMPLETION-CANDIDATES}.")
    private Half only = Half.BOTH;

    @Option(
            names = "--servers",
            split = ",",
            description = "The servers, in this order: ${COMPLETION-CANDIDATES}. Default: all.")
    private List<Contestant> servers = List.of(Contestant.values());

    @Option(
            names = "--scenarios",
            split = ",",
            description = {
                "The scenarios: ${COMPLETION-CANDIDATES}. Default: the first five;",
                "with --tls or --http2 connects, memory, broadcast, ticks."
            })
    private List<Scenario> scenarios = List.of();

    @Option(
            names = "--jvm",
            split = " ",
            description =
                    "Additional options for the JVM of every Java server, ours and the others.")
    private List<String> jvm = List.of();

    @ArgGroup(exclusive = false, heading = "%nSizes:%n")
    private Load load = new Load();

    @Option(
            names = "--micro-seconds",
            paramLabel = "S",
            description =
                    "Seconds of an iteration of JMH; 3 iterations warm up and 5 are measured.")
    private int microSeconds = 1;

    private final Path home = Path.of(System.getProperty("microdot.home", "."));
    private final Path out = home.resolve("target/bench");

    /** The part to measure. */
    enum Half {
        MICRO,
        FANOUT,
        BOTH
    }

    public static void main(String[] args) {
        System.exit(
                new CommandLine(new Bench())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .execute(args));
    }

    @Override
    public Integer call() throws Exception {
        String refused = load.refused();
        if (!refused.isEmpty()) {
            throw new ParameterException(new CommandLine(this), refused);
        }
        Files.createDirectories(out);
        if (only != Half.FANOUT && !load.wire().isSecure()) {
            Micro.run(Duration.ofSeconds(microSeconds), javaOptions(), out.resolve("micro.json"));
        }
        return only == Half.MICRO || fanOut() ? 0 : 1;
    }

    /** The options of this JVM, which are those of ./microdot run, and the options given. */
    private List<String> javaOptions() {
        var all = new ArrayList<>(List.of(System.getProperty("microdot.jvm", "").split(" ")));
        all.removeIf(String::isEmpty);
        all.addAll(jvm);
        return all;
    }

    /** Returns whether no event was faulty and no server failed. */
    private boolean fanOut() throws IOException, InterruptedException {
        Wire wire = load.wire();
        List<Scenario> scenarios = this.scenarios.isEmpty() ? Scenario.usual(wire) : this.scenarios;
        if (wire.isSecure()) {
            Certificate.make(Files.createDirectories(out.resolve("certificate")));
        }
        List<Contestant> present = present(wire);
        var report = new Report(present, scenarios, load);
        for (Scenario scenario : scenarios) {
            for (int i = 1; i <= load.repetitions; i++) {
                for (Contestant server : present) {
                    if (scenario == Scenario.TICKS && !server.ticks()) {
                        continue;
                    }
                    progress(
                            "%s %d/%d %s "
                                    .formatted(scenario.id(), i, load.repetitions, server.id()));
                    Result result = measure(scenario, server);
                    System.err.println(Report.brief(scenario, result));
                    report.add(scenario, server, result);
                }
            }
        }
        String text = report.text();
        System.out.println(text);
        String name = wire.isSecure() ? wire.name().toLowerCase(Locale.ROOT) : "fanout";
        Files.writeString(out.resolve(name + ".md"), text);
        Files.writeString(out.resolve(name + ".svg"), new Chart(report).svg());
        System.err.println("Written: " + out.resolve(name + ".md") + ", " + name + ".svg");
        return report.isSound();
    }

    private List<Contestant> present(Wire wire) {
        var present = new ArrayList<Contestant>();
        for (Contestant server : servers) {
            if (!server.speaks(wire)) {
                continue;
            }
            String missing = server.missing(home);
            if (missing.isEmpty()) {
                present.add(server);
            } else {
                System.err.println(server.id() + " is not measured: " + missing);
            }
        }
        return present;
    }

    private Optional<Path> certificate() {
        return load.wire().isSecure() ? Optional.of(out.resolve("certificate")) : Optional.empty();
    }

    private static void progress(String text) {
        System.err.print(text);
        System.err.flush();
    }

    private Result measure(Scenario scenario, Contestant contestant) throws InterruptedException {
        try {
            Path work = Files.createDirectories(out.resolve(contestant.id()));
            Path log = out.resolve(contestant.id() + ".log");
            try (var server =
                    ServerProcess.start(
                            port ->
                                    contestant.command(
                                            home, javaOptions(), work, certificate(), port),
                            log.toFile())) {
                return new Measurement(scenario, load).of(server);
            }
        } catch (IOException | IllegalStateException e) {
            return Result.failed(String.valueOf(e.getMessage()));
        }
    }
}
