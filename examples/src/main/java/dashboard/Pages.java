package dashboard;

import dashboard.camera.Camera;
import java.util.Map;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Runs;
import microdot.sse.Sse;

/** The application: what answers which request. */
final class Pages {
    private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist";

    /** Lets the browser enforce that the page loads nothing from other origins. */
    private static final String ONLY_OURS = "default-src 'self'; img-src 'self' blob: data:";

    private Pages() {}

    /** The pages, their stream, the camera's frames, and the runs. */
    static Microdot app(Feed feed, Camera camera, Runs runs) {
        Microdot app = pages(feed);
        var pictures = new CameraPages(camera);
        app.get("/camera/frame.jpg", pictures::newest);
        app.get("/camera/frames/{number:int}", pictures::frame);

        app.post("/runs", request -> Map.of("id", runs.start(Story::write).id()));
        app.get("/runs/{id}", runs.stream(request -> request.param("id")));
        app.delete("/runs/{id}", request -> runs.stop(request.param("id")) ? 204 : 404);
        return app;
    }

    /** The part that any node can serve: the pages, and the stream of the topics. */
    static Microdot pages(Feed feed) {
        var app = new Microdot();
        app.get("/microdot.js", Sse.client());
        app.get("/events", feed.stream());
        app.get("/run", request -> file("run.html"));
        app.get(
                "/uplot/{file}",
                request -> Response.resource(Pages.class, UPLOT, request.param("file")));
        app.get("/", request -> file("index.html"));
        app.get("/{file}", request -> file(request.param("file")));
        return app;
    }

    private static Response file(String name) {
        return Response.resource(Pages.class, "/dashboard", name)
                .header("Cache-Control", "no-cache")
                .header("Content-Security-Policy", ONLY_OURS);
    }
}
