import static microdot.sse.Sse.withSse;

import java.util.Map;
import microdot.Microdot;

public class App {
    public static void main(String[] args) {
        app().run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
    }

    /** The application without a server: the test calls it. */
    static Microdot app() {
        var app = new Microdot();
        app.get("/events", withSse((request, sse) -> {
            while (true) {
                sse.send(Map.of("temp", readSensor()), "reading");
                Thread.sleep(1000);
            }
        }));
        return app;
    }

    static double readSensor() {
        return 20 + Math.random();
    }
}
