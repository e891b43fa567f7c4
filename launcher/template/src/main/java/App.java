import static microdot.sse.Sse.withSse;

import java.util.Map;
import microdot.Microdot;
import microdot.Response;

/** A page that shows each reading the moment it is taken. */
public class App {
    void main(String[] args) {
        app().run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
    }

    /** The application without a server, which is what the test calls. */
    static Microdot app() {
        var app = new Microdot();
        app.get("/", request -> Response.resource(App.class, "/static", "index.html"));
        app.get("/static/{file}", request -> Response.resource(App.class, "/static", request.param("file")));

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
