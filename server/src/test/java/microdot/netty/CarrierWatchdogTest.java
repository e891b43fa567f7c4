package microdot.netty;

import static microdot.sse.Sse.withSse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import jdk.management.VirtualThreadSchedulerMXBean;
import microdot.Microdot;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** As many handlers as carrier threads hold them; everybody else goes on. */
@Timeout(60)
class CarrierWatchdogTest {
    private final Semaphore begun = new Semaphore(0);
    private final List<RawClient> holders = new ArrayList<>();
    private volatile boolean stopped;

    /** Earlier tests may have raised the number. */
    private static int carriers() {
        return ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class)
                .getParallelism();
    }

    private Object compute() {
        begun.release();
        while (!stopped) {
            Thread.onSpinWait();
        }
        return "computed";
    }

    private void hold(Served served, String path) throws Exception {
        int count = carriers();
        for (int i = 0; i < count; i++) {
            holders.add(served.client().get(path));
        }
        begun.acquire(count);
    }

    private void release() throws Exception {
        stopped = true;
        for (RawClient client : holders) {
            client.close();
        }
    }

    private static void assertOneWarning(Served served, String route, String method) {
        List<String> complaints = served.logged.complaints();
        while (complaints.isEmpty()) { // It is written on its own thread.
            Thread.onSpinWait();
            complaints = served.logged.complaints();
        }
        List<String> all = complaints;
        assertEquals(1, all.size(), all::toString);
        assertTrue(all.getFirst().startsWith(route + " blocked a carrier thread"));
        StackTraceElement[] stack = served.logged.thrown().getFirst().getStackTrace();
        assertTrue(
                Arrays.stream(stack).anyMatch(frame -> frame.getMethodName().equals(method)),
                () -> Arrays.toString(stack));
    }

    @Test
    void handlersThatComputeDoNotDelayOthers() throws Exception {
        var ticks = new Semaphore(0);
        var app =
                new Microdot()
                        .get("/compute/{n}", request -> compute())
                        .get("/hello", request -> "hello")
                        .get(
                                "/ticks",
                                withSse(
                                        (request, sse) -> {
                                            while (true) {
                                                ticks.acquire();
                                                sse.send("tick");
                                            }
                                        }));
        try (Served served = Served.of(app).expectFailures(1);
                RawClient reader = served.client().get("/ticks");
                RawClient client = served.client()) {
            reader.readHead();
            hold(served, "/compute/1");
            assertEquals("hello", client.get("/hello").readText());
            ticks.release();
            reader.readTo("data: tick\n\n");
            assertOneWarning(served, "GET /compute/{n}", "compute");
            release();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void handlersThatWaitInNativeCodeDoNotDelayOthers(@TempDir Path folder) throws Exception {
        String fifo = folder.resolve("fifo").toString();
        assertEquals(0, new ProcessBuilder("mkfifo", fifo).start().waitFor());
        var topics = new Topics();
        topics.topic("topic", new TopicOptions().keepEvents(1));
        topics.publish("topic", "lost");
        topics.publish("topic", "kept");
        var app =
                new Microdot()
                        .get("/device", withSse((request, sse) -> open(fifo)))
                        .get("/hello", request -> "hello")
                        .get("/topic", topics.stream("topic"));
        try (Served served = Served.of(app).expectFailures(1);
                RawClient client = served.client();
                RawClient follower = served.client()) {
            hold(served, "/device");
            assertEquals("hello", client.get("/hello").readText());
            follower.send("GET /topic HTTP/1.1\r\nHost: x\r\nLast-Event-ID: unknown\r\n\r\n");
            follower.readTo("event: gap\n");
            assertOneWarning(served, "GET /device", "open");
            try (var writer = new FileOutputStream(fifo)) {
                release(); // A writer lets every reader go on.
                while (served.server.stats().handlers() > 0) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    @Test
    void filtersThatComputeAreNamed() throws Exception {
        var topics = new Topics();
        var app = new Microdot().get("/hello", request -> "hello");
        app.get(
                "/topic",
                topics.stream("busy").where((request, event) -> compute().equals("computed")));
        try (Served served = Served.of(app).expectFailures(1);
                RawClient client = served.client()) {
            int count = carriers();
            for (int i = 0; i < count; i++) {
                RawClient holder = served.client().get("/topic");
                holder.readHead();
                holders.add(holder);
            }
            topics.publish("busy", "event");
            begun.acquire(count);
            assertEquals("hello", client.get("/hello").readText());
            assertOneWarning(served, "a filter of topic \"busy\"", "compute");
            release();
        }
    }

    @Test
    void snapshotsThatComputeAreNamed() throws Exception {
        var topics = new Topics();
        topics.options("busy/", new TopicOptions().snapshot(this::compute));
        int count = carriers();
        var app = new Microdot().get("/hello", request -> "hello");
        app.get("/{n}", topics.stream(request -> List.of("busy/" + request.param("n"))));
        try (Served served = Served.of(app).expectFailures(count);
                RawClient client = served.client()) {
            for (int i = 0; i < count; i++) {
                holders.add(served.client().get("/" + i));
            }
            begun.acquire(count);
            assertEquals("hello", client.get("/hello").readText());
            while (served.logged.complaints().size() < count) {
                Thread.onSpinWait();
            }
            for (String complaint : served.logged.complaints()) {
                assertTrue(complaint.startsWith("the snapshot of topic \"busy/"), complaint);
            }
            release();
        }
    }

    private void open(String fifo) throws Exception {
        begun.release();
        new FileInputStream(fifo).close();
    }
}
