package microdot.sse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** Measures how an event is parsed that arrives in one piece with others, or split in two. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ParsingBenchmark {
    private static final int EVENTS = 100;

    private final byte[] one =
            ("event: reading\nid: 42\ndata: " + "x".repeat(128) + "\n\n").getBytes(UTF_8);
    private final byte[] many = new String(one, UTF_8).repeat(EVENTS).getBytes(UTF_8);

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void whole(Blackhole hole) {
        new EventParser(hole::consume).feed(many);
    }

    @Benchmark
    public void split(Blackhole hole) {
        var parser = new EventParser(hole::consume);
        parser.feed(one, 0, 60);
        parser.feed(one, 60, one.length - 60);
    }
}
