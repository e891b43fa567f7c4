package benchmarks;

import benchmarks.Measurement.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures what an event costs, and the same server on what others offer. */
@Command(
        name = "bench",
        description = {
            "What an event costs within (JMH), and what a server uses to deliver it, ours beside others.",
            "Results are printed and written to target/bench."
        },
        mixinStandardHelpOptions = true,
        showDefaultValues = true)
public final class Bench implements Callable<Integer> {
    @Option(names = "--only", description = "One half of it: ${COMPLETION-CANDIDATES}.")
    private Half only = Half.BOTH;

    @Option(
            names = "--servers",
            split = ",",
            description = "Which, in this order: ${COMPLETION-CANDIDATES}. Default: all.")
    private List<Contestant> servers = List.of(Contestant.values());

    @Option(
            names = "--scenarios",
            split = ",",
            description = "Which: ${COMPLETION-CANDIDATES}. Default: all.")
    private List<Scenario> scenarios = List.of(Scenario.values());

    @Option(
            names = "--jvm",
            split = " ",
            description = "Options for every server's JVM, ours and the others', beside the usual.")
    private List<String> jvm = List.of();

    @ArgGroup(exclusive = false, heading = "%nSizes:%n")
    private Load load = new Load();

    @Option(
            names = "--micro-seconds",
            paramLabel = "S",
            description =
                    "Seconds of an iteration of JMH; there are 3 to warm up and 5 that count.")
    private int microSeconds = 1;

    private final Path home = Path.of(System.getProperty("microdot.home", "."));
    private final Path out = home.resolve("target/bench");

    /** What is measured. */
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
        Files.createDirectories(out);
        if (only != Half.FANOUT) {
            Micro.run(Duration.ofSeconds(microSeconds), javaOptions(), out.resolve("micro.json"));
        }
        return only == Half.MICRO || fanOut() ? 0 : 1;
    }

    /** Those of this JVM, which are those of ./microdot run, and what was asked for. */
    private List<String> javaOptions() {
        var all = new ArrayList<>(List.of(System.getProperty("microdot.jvm", "").split(" ")));
        all.removeIf(String::isEmpty);
        all.addAll(jvm);
        return all;
    }

    /** Whether all went well: no fault, no server that failed. */
    private boolean fanOut() throws IOException, InterruptedException {
        List<Contestant> present = present();
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
        Files.writeString(out.resolve("fanout.md"), text);
        Files.writeString(out.resolve("fanout.svg"), new Chart(report).svg());
        System.err.println("Written: " + out.resolve("fanout.md") + ", fanout.svg");
        return report.isSound();
    }

    private List<Contestant> present() {
        var present = new ArrayList<Contestant>();
        for (Contestant server : servers) {
            String missing = server.missing(home);
            if (missing.isEmpty()) {
                present.add(server);
            } else {
                System.err.println("Without " + server.id() + ": " + missing);
            }
        }
        return present;
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
                            port -> contestant.command(home, javaOptions(), work, port),
                            log.toFile())) {
                return new Measurement(scenario, load).of(server);
            }
        } catch (IOException | IllegalStateException e) {
            return Result.failed(String.valueOf(e.getMessage()));
        }
    }
}
