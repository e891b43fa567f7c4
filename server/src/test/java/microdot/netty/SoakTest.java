package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.internal.PlatformDependent;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingStream;
import microdot.Microdot;
import microdot.sse.SseHandler;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;

/** Streams opened and abandoned by the thousand; {@code -Dsoak.minutes=N} makes it long. */
class SoakTest {
    private static final Logger LEAKS = Logger.getLogger("io.netty.util.ResourceLeakDetector");

    private final Queue<String> leaks = new ConcurrentLinkedQueue<>();
    private final Queue<String> pinned = new ConcurrentLinkedQueue<>();
    private final Topics topics = new Topics();

    private Microdot app() {
        SseHandler chatty =
                (request, sse) -> {
                    while (true) {
                        sse.send("x".repeat(2000), "chat");
                    }
                };
        SseHandler quiet = (request, sse) -> Thread.sleep(Duration.ofDays(1));
        return new Microdot()
                .get("/0", withSse(chatty))
                .get("/1", withSse(quiet))
                .get("/2", topics.stream("soak"));
    }

    @Test
    void nothingIsLeftAndNothingGrows() throws Exception {
        int minutes = Integer.getInteger("soak.minutes", 0);
        Duration half = minutes == 0 ? Duration.ofSeconds(4) : Duration.ofSeconds(minutes * 30L);
        Handler collector = collector();
        LEAKS.addHandler(collector);
        try (RecordingStream recording = recording();
                Served served = Served.of(app())) {
            abandon(served, Duration.ofSeconds(2));
            recording.startAsync(); // What pins while classes load is not ours.
            abandon(served, half);
            long heap = usedHeap();
            long direct = PlatformDependent.usedDirectMemory();
            abandon(served, half);
            assertTrue(
                    usedHeap() < heap * 3 / 2 + (8 << 20),
                    () -> "heap: " + heap + ", later " + usedHeap());
            assertTrue(
                    PlatformDependent.usedDirectMemory() < direct * 3 / 2 + (8 << 20),
                    () -> "direct: " + direct + ", later " + PlatformDependent.usedDirectMemory());
            recording.stop();
            assertEquals(0, topics.topic("soak").followers());
        } finally {
            LEAKS.removeHandler(collector);
        }
        assertTrue(leaks.isEmpty(), () -> "leaks: " + leaks);
        assertTrue(pinned.isEmpty(), () -> "pinned: " + pinned);
    }

    private Handler collector() {
        return new Handler() {
            @Override
            public void publish(LogRecord record) {
                leaks.add(record.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    private RecordingStream recording() {
        var stream = new RecordingStream();
        stream.enable("jdk.VirtualThreadPinned");
        stream.onEvent("jdk.VirtualThreadPinned", this::collect);
        return stream;
    }

    private void collect(RecordedEvent event) {
        if (event.getStackTrace() == null) {
            return;
        }
        var frames = event.getStackTrace().getFrames().stream().map(SoakTest::className).toList();
        // The JDK has a lock of its own for interrupts, which a thread may meet for a moment while
        // it is interrupted.
        boolean interrupting = frames.getFirst().equals("java.lang.VirtualThread");
        boolean ours =
                !interrupting && frames.stream().anyMatch(name -> name.startsWith("microdot."));
        if (ours) {
            pinned.add(event.toString());
        }
    }

    private static String className(RecordedFrame frame) {
        return frame.getMethod().getType().getName();
    }

    private void abandon(Served served, Duration time) throws Exception {
        long until = System.nanoTime() + time.toNanos();
        for (int i = 0; System.nanoTime() < until; i++) {
            RawClient client = served.client();
            client.get("/" + i % 3);
            topics.publish("soak", "event " + i);
            if (i % 4 != 0) {
                client.readHead();
            }
            if (i % 5 == 0) {
                client.reset();
            } else {
                client.close();
            }
        }
        served.awaitNothingOpen();
    }

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
