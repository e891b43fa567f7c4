package microdot.sse;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * A topic without sockets: appending an event to its log, and delivering it into the buffers of
 * 1,000 followers. The event loop is this thread: {@code loop.run()} delivers.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TopicBenchmark {
    private static final int FOLLOWERS = 1000;
    private static final int BATCH = 16;

    private final Topics topics = new Topics();
    private final StandInLoop loop = new StandInLoop();
    private final String data = "x".repeat(128);

    @Setup
    public void follow() {
        for (int i = 0; i < FOLLOWERS; i++) {
            StandInSink.follow(topics, "followed", loop);
        }
        loop.run();
    }

    /** Encoding, one append, and the trimming that it causes. */
    @Benchmark
    public String append() {
        return topics.publish("quiet", data);
    }

    /** One delivery of a single event. */
    @Benchmark
    @OperationsPerInvocation(FOLLOWERS)
    public void drainOne() {
        topics.publish("followed", data);
        loop.run();
    }

    /** One delivery of an event that is delivered together with 15 others. */
    @Benchmark
    @OperationsPerInvocation(FOLLOWERS * BATCH)
    public void drainBatch() {
        for (int i = 0; i < BATCH; i++) {
            topics.publish("followed", data);
        }
        loop.run();
    }
}
