package dashboard;

import dashboard.camera.Camera;
import dashboard.camera.Frame;
import java.time.Duration;
import microdot.HttpException;
import microdot.Request;
import microdot.Response;

/** Serves the camera's frames. */
final class CameraPages {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Camera camera;

    CameraPages(Camera camera) {
        this.camera = camera;
    }

    /**
     * Answers with the newest frame; with {@code ?seen=n} as soon as there is a frame other than
     * {@code n}, so that a page gets each frame once and no faster than it can show them. Answers
     * 204 if there is none for some seconds.
     */
    Response newest(Request request) throws InterruptedException {
        Frame frame = camera.newest(number(request.query("seen", "-1")), PATIENCE);
        return frame == null ? new Response().status(204) : picture(frame);
    }

    /** Answers with a frame by its number, while it is kept. */
    Response frame(Request request) {
        Frame frame = camera.frame(number(request.param("number")));
        if (frame == null) {
            throw new HttpException(404, "no such frame, or not any more");
        }
        return picture(frame);
    }

    /** Not stored by browsers: the numbers start again when the server restarts. */
    private static Response picture(Frame frame) {
        return Response.bytes(frame.jpeg(), "image/jpeg")
                .header("X-Frame", Long.toString(frame.number()))
                .header("Cache-Control", "no-store");
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new HttpException(400, "frame: not a number");
        }
    }
}
