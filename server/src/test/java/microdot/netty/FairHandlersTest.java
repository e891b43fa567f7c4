package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that keeps all carrier threads busy. */
@Timeout(60)
class FairHandlersTest {
    private static final int STREAMS = 600;
    private static final int OTHERS = 4;

    private final AtomicInteger begun = new AtomicInteger();
    private final Set<String> loaders = ConcurrentHashMap.newKeySet();
    private @Nullable RandomAccessFile writer;

    /** Holds its carrier thread until the test is a writer of the FIFO, without using the CPU. */
    private String hold(Path fifo) throws IOException {
        int before = begun.getAndIncrement();
        loaders.add(String.valueOf(Thread.currentThread().getContextClassLoader()));
        new FileInputStream(fifo.toFile()).close();
        return "before " + before;
    }

    private void release(Path fifo) throws IOException {
        if (writer == null) {
            writer = new RandomAccessFile(fifo.toFile(), "rw");
        }
    }

    @AfterEach
    void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }

    @EnabledOnOs(OS.LINUX)
    @ParameterizedTest
    @EnumSource(IoMode.class)
    void manyHandlersOfOneClientDoNotAllStandBeforeTheFirstOfAnother(
            IoMode io, @TempDir Path folder) throws Exception {
        Path fifo = folder.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        Microdot app = new Microdot().get("/", request -> hold(fifo));
        var options = new ServerOptions().maxConcurrentStreams(STREAMS);
        try (Served served = new Served(app, options, io);
                FrameClient flood = FrameClient.of(served)) {
            // The watchdog cannot know that the handlers will end.
            served.allowFailures(".*carrier.*");
            try {
                checkTurns(served, flood, fifo);
            } finally {
                release(fifo);
            }
            served.awaitIdle();
            assertEquals(STREAMS + OTHERS, begun.get());
            assertEquals(1, loaders.size(), () -> "context class loaders: " + loaders);
        }
    }

    private void checkTurns(Served served, FrameClient flood, Path fifo) throws Exception {
        for (int i = 0; i < STREAMS; i++) {
            flood.get(1 + 2 * i, "/");
        }
        served.awaitRequests(STREAMS);
        // Several: some of them on the event loop of the flood, which is one queue of its own.
        List<FrameClient> others = new ArrayList<>();
        for (int i = 1; i <= OTHERS; i++) {
            others.add(FrameClient.of(served).get(1, "/"));
            served.awaitRequests(STREAMS + i);
        }
        int running = begun.get(); // More of them each time that the watchdog adds a carrier.
        release(fifo);
        for (FrameClient other : others) {
            String answer = other.body(1);
            int before = Integer.parseInt(answer.replaceAll("\\D+(\\d+).*", "$1"));
            String text = before + " handlers began before, " + running + " of them early";
            assertTrue(before - running < STREAMS / 4, text);
            other.close();
        }
    }
}
