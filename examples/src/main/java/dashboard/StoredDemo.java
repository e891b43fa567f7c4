package dashboard;

import dashboard.camera.Camera;
import dashboard.processes.Engine;
import dashboard.processes.HaProxy;
import dashboard.processes.ProgramException;
import dashboard.processes.TemporaryFolder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.sse.Topics;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/** The demo on a store: served by this process, or by nodes behind HAProxy. */
final class StoredDemo {
    /** The server has closed before, in its two seconds. */
    private static final Duration PATIENCE = Duration.ofMillis(2200);

    private final StoreChoice choice;
    private final String host;
    private final int port;
    private final Publishing publishing;

    /** Publishes what the machine's sensors and the camera see while the server runs. */
    interface Publishing {
        void during(Topics topics, long firstFrame, Serving server);
    }

    /** Returns when the demo ends. */
    interface Serving {
        void serve(Microdot app, Feed feed);
    }

    StoredDemo(StoreChoice choice, String host, int port, Publishing publishing) {
        this.choice = choice;
        this.host = host;
        this.port = port;
        this.publishing = publishing;
    }

    /** Serves until a signal; returns the exit status. */
    int serve() {
        try (var lifetime = new Lifetime(PATIENCE)) {
            var here = started(lifetime, choice.needsEngine() ? folder(lifetime) : null);
            if (here.engine().equals(StoreChoice.SQLITE)) {
                System.out.println("Events are kept in " + here.place());
            }
            var topics = lifetime.add(new Topics(here.store()));
            var options = new ServerOptions().host(host).port(port);
            publishing.during(topics, firstFrame(), (app, feed) -> app.run(options));
            return 0;
        } catch (StoreException | ProgramException | IllegalArgumentException e) {
            return failed(e);
        }
    }

    /** Serves by nodes until a signal; returns the exit status. */
    int serve(int nodes, double rate) {
        var ended = new CountDownLatch(1);
        try (var lifetime = new Lifetime(Duration.ZERO)) {
            HaProxy.check();
            InetSocketAddress address = freeAddress();
            Path folder = folder(lifetime);
            var here = started(lifetime, folder);
            var topics = lifetime.add(new Topics(here.store()));
            publishing.during(
                    topics,
                    firstFrame(),
                    (app, feed) -> {
                        new Cluster(lifetime, feed).start(app, folder, address, nodes, here, rate);
                        print(address);
                        lifetime.add(ended::countDown);
                        await(ended);
                    });
            return 0;
        } catch (IOException | StoreException | ProgramException | IllegalArgumentException e) {
            return failed(e);
        }
    }

    /** What is wrong is for the operator to mend: a stack trace would only hide the sentence. */
    private static int failed(Exception failure) {
        System.err.println("microdot: " + failure.getMessage());
        return 1;
    }

    private static Path folder(Lifetime lifetime) {
        return lifetime.add(new TemporaryFolder()).path();
    }

    /** Starts the engine, if the choice has no place of its own. */
    private StoreChoice started(Lifetime lifetime, @Nullable Path folder) {
        if (folder == null || !choice.needsEngine()) {
            return choice;
        }
        Engine engine = lifetime.add(choice.start(folder));
        System.out.printf(
                "Started %s (process %d) with its files in %s; both go when the demo ends.%n",
                engine.url(), engine.pid(), folder);
        return choice.at(engine.url());
    }

    /** Found out before anything is started. HAProxy itself binds the address a moment later. */
    private InetSocketAddress freeAddress() throws IOException {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(host, port));
            return new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort());
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on "
                            + host
                            + ":"
                            + port
                            + ": "
                            + e.getMessage()
                            + " (expected: a free port and an address of this machine)",
                    e);
        }
    }

    private static void print(InetSocketAddress address) {
        boolean isAny = address.getAddress().isAnyLocalAddress();
        System.out.println(
                "End a node with kill -9 PROCESS: the open page goes on with another one.");
        System.out.printf(
                "http://%s:%d%n",
                isAny ? "localhost" : address.getAddress().getHostAddress(), address.getPort());
    }

    /** Detections of the run before may still be kept: frames of this one have other numbers. */
    private static long firstFrame() {
        long millis = System.currentTimeMillis() % Duration.ofDays(1).toMillis();
        return millis * Camera.FRAMES_A_SECOND / 1000;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
