package microdot.netty;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.reflect.Proxy;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import microdot.Body;
import microdot.BodySink;
import microdot.Microdot;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.Topics;
import microdot.sse.store.EventStore;
import microdot.sse.store.MemoryStore;

/** The program of {@link ProcessTest}: what its handlers do is what programs should not do. */
final class ServedProcess {
    private static final long FILE = 64L << 20;
    private static final Topics TOPICS = new Topics();

    private ServedProcess() {}

    public static void main(String[] args) throws Exception {
        Path file = Files.createTempFile("microdot", "file");
        file.toFile().deleteOnExit();
        try (var sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(FILE);
        }
        var app =
                new Microdot()
                        .get("/", request -> "home")
                        .get("/file", request -> new Response(new Body.File(file, 0, FILE)))
                        .get("/oom", request -> fill())
                        .get("/spin", request -> spin())
                        .get("/fail", request -> new Response(new Body.Stream(ServedProcess::fail)))
                        .get("/log", request -> fillTheLog())
                        .get(
                                "/loop",
                                request -> new Response(new Body.Stream(ServedProcess::feed)));
        Topics stored = new Topics(reportsItsClose());
        app.get("/stored", stored.stream("stored"));
        app.get("/topic", TOPICS.stream("topic"));
        app.post(
                "/publish",
                request -> TOPICS.publish("topic", "x".repeat(8_000_000) + request.query("end")));
        int port = freePort();
        System.out.println("port " + port);
        int connections = Integer.getInteger("microdot.test.connections", 0);
        app.run(
                new ServerOptions()
                        .host("127.0.0.1")
                        .port(port)
                        .hosts("*")
                        .maxConnections(connections));
    }

    private static EventStore reportsItsClose() {
        var store = new MemoryStore();
        return (EventStore)
                Proxy.newProxyInstance(
                        ServedProcess.class.getClassLoader(),
                        new Class<?>[] {EventStore.class},
                        (self, method, arguments) -> {
                            if (method.getName().equals("close")) {
                                System.out.println("the store is closed");
                            }
                            return method.invoke(store, arguments);
                        });
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void feed(BodySink sink) {
        sink.feed(space -> fill().isEmpty());
        sink.loop().execute(sink::pull);
    }

    private static void fail(BodySink sink) {
        sink.feed(
                space -> {
                    throw new IllegalStateException("x".repeat(100_000));
                });
        sink.loop().execute(sink::pull);
    }

    private static String fill() {
        List<byte[]> all = new ArrayList<>();
        while (all.size() < Integer.MAX_VALUE) {
            all.add(new byte[1 << 20]);
        }
        return all.toString();
    }

    @SuppressWarnings("InfiniteLoopStatement")
    private static String spin() {
        while (true) {
            Thread.onSpinWait();
        }
    }

    private static String fillTheLog() throws InterruptedException {
        // The pipe takes 64 KiB.
        var lines = new CountDownLatch(60);
        Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            while (true) {
                                System.err.println("x".repeat(1000));
                                lines.countDown();
                            }
                        });
        lines.await();
        return "filled";
    }
}
