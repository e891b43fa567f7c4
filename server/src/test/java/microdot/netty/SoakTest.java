package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
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

/**
 * Opens and abandons thousands of streams. {@code -Dsoak.minutes=N} sets the duration; the default
 * is about ten seconds.
 */
class SoakTest {
    private static final Logger LEAKS = Logger.getLogger("io.netty.util.ResourceLeakDetector");

    private static final int THREADS = 4;
    private static final int OPEN_AT_ONCE = 50;

    private final AtomicLong opened = new AtomicLong();
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
    void abandonedStreamsLeaveNothingBehind() throws Exception {
        int minutes = Integer.getInteger("soak.minutes", 0);
        Duration half = minutes == 0 ? Duration.ofSeconds(4) : Duration.ofSeconds(minutes * 30L);
        Handler collector = collector();
        LEAKS.addHandler(collector);
        try (RecordingStream recording = recording();
                Served served = Served.of(app()).allowFailures("blocked a carrier thread")) {
            abandon(served, Duration.ofSeconds(2));
            recording.startAsync(); // Pinning by class loading does not count.
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
            // Netty reports a leak at the first allocation after the garbage collection.
            abandon(served, Duration.ofMillis(500));
            recording.stop();
            assertEquals(0, topics.topic("soak").followers());
            System.out.println(opened + " streams opened and abandoned");
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
        // The JDK has its own lock for interrupts, which may pin a thread for a moment while it is
        // interrupted.
        boolean interrupting = frames.getFirst().equals("java.lang.VirtualThread");
        boolean counts =
                !interrupting && frames.stream().anyMatch(name -> name.startsWith("microdot."));
        if (counts) {
            pinned.add(event.toString());
        }
    }

    private static String className(RecordedFrame frame) {
        return frame.getMethod().getType().getName();
    }

    private void abandon(Served served, Duration time) throws Exception {
        long until = System.nanoTime() + time.toNanos();
        var failures = new ConcurrentLinkedQueue<Throwable>();
        var threads = new ArrayList<Thread>();
        for (int t = 0; t < THREADS; t++) {
            int seed = t;
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> abandon(served, until, new Random(seed), failures)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertTrue(failures.isEmpty(), failures::toString);
        served.awaitNothingOpen();
    }

    /** Opens streams and leaves each one later, so that many are open at any time. */
    private void abandon(Served served, long until, Random random, Queue<Throwable> failures) {
        var open = new ArrayDeque<RawClient>();
        try {
            while (System.nanoTime() < until) {
                RawClient client = served.client();
                client.get("/" + random.nextInt(3));
                topics.publish("soak", "event " + opened.incrementAndGet());
                switch (random.nextInt(4)) {
                    case 0 -> {} // Never read.
                    case 1 -> client.readTo("HTTP/1.1 200"); // Half read.
                    default -> client.readHead();
                }
                open.add(client);
                if (open.size() > OPEN_AT_ONCE) {
                    leave(open.remove(), random);
                }
            }
            for (RawClient client : open) {
                leave(client, random);
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            failures.add(e);
        }
    }

    private static void leave(RawClient client, Random random) throws IOException {
        switch (random.nextInt(3)) {
            case 0 -> client.reset();
            case 1 -> client.shutdownOutput().close();
            default -> client.close();
        }
    }

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
