package microdot.sse;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import microdot.JsonCodec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Encoding an event. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EncodingBenchmark {
    private final JsonCodec json = JsonCodec.standard();
    private final Event text = Event.of("x".repeat(128)).event("reading").id("42");
    private final Event lines =
            Event.of("a line of the text\n".repeat(7)).event("reading").id("42");
    private final Event accents = Event.of("Zürich, 21 °C; ".repeat(9)).event("reading").id("42");
    private final Event map =
            Event.of(Map.of("label", "cat", "score", 0.97, "camera", 3)).event("detection");

    @Benchmark
    public byte[] text() {
        return EventEncoder.encode(text, json);
    }

    @Benchmark
    public byte[] lines() {
        return EventEncoder.encode(lines, json);
    }

    @Benchmark
    public byte[] beyondAscii() {
        return EventEncoder.encode(accents, json);
    }

    @Benchmark
    public byte[] json() {
        return EventEncoder.encode(map, json);
    }
}
