package microdot.sse;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Costs that must not grow: publishing, however many followers there are, and a delivery, however
 * many topics the followers are spread over. Without sockets; the event loop is this thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GrowthBenchmark {
    private static final int FOLLOWERS = 18_000;
    private static final int BURST = 1000;

    /** Topics that the followers are spread over. */
    @Param({"1", "100", "9000"})
    private int spread;

    private final Topics topics = new Topics();
    private final StandInLoop loop = new StandInLoop();
    private final String data = "x".repeat(128);

    @Setup
    public void follow() {
        for (int i = 0; i < FOLLOWERS; i++) {
            StandInSink.follow(topics, "topic " + i % spread, loop);
        }
        loop.run();
    }

    /** Publishing alone, to a topic with 18,000, 180 or 2 followers, without delivery. */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void publish() {
        for (int i = 0; i < BURST; i++) {
            topics.publish("topic 0", data);
        }
    }

    /** One event for every follower: publishing and delivery, for each delivery. */
    @Benchmark
    @OperationsPerInvocation(FOLLOWERS)
    public void deliver() {
        for (int i = 0; i < spread; i++) {
            topics.publish("topic " + i, data);
        }
        loop.run();
    }
}
