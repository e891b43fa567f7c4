package benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** The JMH benchmarks of the core: time and allocation per operation. */
final class Micro {
    private Micro() {}

    static void run(Duration iteration, List<String> jvm, Path json) throws RunnerException {
        TimeValue time = TimeValue.milliseconds(iteration.toMillis());
        new Runner(
                        new OptionsBuilder()
                                .include("microdot\\.sse\\..*Benchmark")
                                .jvmArgs(jvm.toArray(String[]::new))
                                .forks(1)
                                .warmupIterations(3)
                                .warmupTime(time)
                                .measurementIterations(5)
                                .measurementTime(time)
                                .addProfiler(GCProfiler.class)
                                .resultFormat(ResultFormatType.JSON)
                                .result(json.toString())
                                .build())
                .run();
    }
}
