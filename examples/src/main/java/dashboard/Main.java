package dashboard;

import dashboard.camera.Camera;
import dashboard.camera.FrameSource;
import dashboard.camera.ImageFolder;
import dashboard.camera.Scene;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import microdot.ServerOptions;
import microdot.sse.Runs;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import oshi.SystemInfo;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Starts the dashboard. */
@Command(
        name = "demo",
        description = "This machine's sensors and a camera, live in the browser.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true)
public final class Main implements Callable<Integer> {
    private static final int MOST_NODES = 16;

    @Option(names = "--port", description = "The port to listen on, 0 for a free one.")
    private int port = 5000;

    @Option(names = "--host", description = "The address to listen on.")
    private String host = "0.0.0.0";

    @Option(
            names = "--rate",
            paramLabel = "HZ",
            description = "How often the sensors are read, per second: 0.1 to 20.")
    private double rate = 2;

    @Option(
            names = "--store",
            paramLabel = "STORE",
            description = {
                "Where events live: sqlite[:FILE], redis[:URL] or nats[:URL]; in memory without it.",
                "Without a file: demo.db in $XDG_STATE_HOME/microdot or ~/.local/state/microdot.",
                "Without a URL: starts Debian's redis-server or nats-server, and ends it."
            })
    private @Nullable String store;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description =
                    "How many processes serve the pages, behind Debian's HAProxy: 1 to 16. More than"
                            + " one need --store redis or nats.")
    private int nodes = 1;

    @Option(
            names = "--frames",
            paramLabel = "FOLDER",
            description = "Images for the camera, played in a loop, instead of the built-in scene.")
    private @Nullable Path frames;

    @Spec private @Nullable CommandSpec spec;

    public static void main(String[] args) {
        // Frames are drawn in memory and need no desktop.
        System.setProperty("java.awt.headless", "true");
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public Integer call() {
        double checked = rate();
        if (port < 0 || port > 65_535) {
            throw wrong("--port: " + port + " (expected: 0 to 65535)");
        }
        FrameSource source = source();
        StoreChoice choice = choice();
        if (choice == null) {
            var options = new ServerOptions().host(host).port(port);
            publish(source, new Topics(), 0, (app, feed) -> app.run(options));
            return 0;
        }
        var demo =
                new StoredDemo(
                        choice,
                        host,
                        port,
                        (topics, first, server) -> publish(source, topics, first, server));
        return nodes > 1 ? demo.serve(nodes, checked) : demo.serve();
    }

    /** Publishes what the sensors and the camera see until the server returns. */
    private void publish(FrameSource source, Topics topics, long first, StoredDemo.Serving server) {
        var system = new SystemInfo();
        var sensors = new Sensors(system);
        var feed = new Feed(topics, Machine.of(system), rate);
        var camera = new Camera(source, feed::publish, first);
        var app = Pages.app(feed, camera, new Runs(topics));
        try (var _ = Ticker.every(period(rate), "sampler", () -> feed.publish(sensors.read()));
                var _ = Ticker.every(period(Camera.FRAMES_A_SECOND), "camera", camera::take)) {
            server.serve(app, feed);
        }
    }

    private @Nullable StoreChoice choice() {
        try {
            StoreChoice choice = store == null ? null : StoreChoice.of(store);
            if (nodes < 1 || nodes > MOST_NODES) {
                throw wrong("--nodes: " + nodes + " (expected: 1 to " + MOST_NODES + ")");
            }
            if (nodes > 1 && (choice == null || choice.engine().equals(StoreChoice.SQLITE))) {
                throw wrong(
                        "--nodes: " + nodes + " (expected: with --store redis or --store nats)");
            }
            return choice;
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    private FrameSource source() {
        if (frames == null) {
            return new Scene();
        }
        try {
            return new ImageFolder(frames);
        } catch (IllegalArgumentException e) {
            throw wrong("--frames: " + e.getMessage());
        }
    }

    private double rate() {
        if (!(rate >= 0.1 && rate <= 20)) {
            throw wrong("--rate: " + rate + " (expected: 0.1 to 20)");
        }
        return rate;
    }

    private static Duration period(double rate) {
        return Duration.ofNanos((long) (1e9 / rate));
    }

    private ParameterException wrong(String message) {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        return new ParameterException(spec.commandLine(), message);
    }
}
