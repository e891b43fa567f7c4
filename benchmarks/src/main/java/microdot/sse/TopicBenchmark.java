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
 * A topic without sockets: what it takes to append an event to its log, and to drain it into the
 * buffers of 1,000 followers. The event loop is this thread: draining happens within {@code
 * publish}.
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

    /** Encoding, one append and what is let go for it. */
    @Benchmark
    public String append() {
        return topics.publish("quiet", data);
    }

    /** One delivery of an event that comes alone. */
    @Benchmark
    @OperationsPerInvocation(FOLLOWERS)
    public void drainOne() {
        topics.publish("followed", data);
        loop.run();
    }

    /** One delivery of 16 that are drained together. */
    @Benchmark
    @OperationsPerInvocation(FOLLOWERS * BATCH)
    public void drainBatch() {
        for (int i = 0; i < BATCH; i++) {
            topics.publish("followed", data);
        }
        loop.run();
    }
}
