// A camera on a phone: the page shows each detection the moment it happens, with its picture.
//
//   ./microdot run examples/phone/Phone.java [PORT]
//   open http://localhost:5000/ on this machine, or one of the printed addresses on a phone

import java.awt.Color;
import java.awt.image.BufferedImage;
import javax.imageio.ImageIO;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Topics;

record Detection(long frame, int x, int y, int width, int height) {}

final Topics topics = new Topics();
volatile byte[] picture = {};

void main(String[] args) {
    var app = new Microdot();

    app.get("/", request -> Response.html(PAGE));
    app.get("/picture", request -> Response.bytes(picture, "image/png").header("Cache-Control", "no-store"));
    app.get("/detections", topics.stream("camera/1").last(1));

    Thread.ofPlatform().daemon().start(this::watch);
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** One thread watches the camera, however many phones follow. */
void watch() {
    for (long number = 0; ; number++) {
        BufferedImage frame = frame(number);
        Detection seen = detect(number, frame);
        if (seen != null) {
            picture = png(frame);
            topics.publish("camera/1", Event.of(seen).event("detection"));
        }
        LockSupport.parkNanos(100_000_000);
    }
}

final String PAGE = """
    <!doctype html>
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>Camera</title>
    <img id="picture" alt="the last detection" style="width: 100%">
    <p id="text">connecting</p>
    <script>
      const events = new EventSource('/detections');
      const text = document.querySelector('#text');
      events.addEventListener('detection', e => {
        const seen = JSON.parse(e.data);
        text.textContent = `frame ${seen.frame}: ${seen.width} x ${seen.height} at ${seen.x}, ${seen.y}`;
        document.querySelector('#picture').src = '/picture?' + seen.frame;
      });
      events.onopen = () => text.textContent = 'waiting for the first detection';
      events.onerror = () => text.textContent = 'reconnecting';
    </script>
    """;

// ---- A stand-in for a camera and a detector: put your own here. ----

/** A box that moves for two seconds and then leaves the picture for two. */
BufferedImage frame(long number) {
    var image = new BufferedImage(320, 180, BufferedImage.TYPE_INT_RGB);
    var graphics = image.createGraphics();
    graphics.setColor(Color.ORANGE);
    if (number % 40 < 20) graphics.fillRect((int) (number % 40) * 14, 100, 40, 40);
    graphics.dispose();
    return image;
}

/** What is in the picture; null for nothing. */
Detection detect(long number, BufferedImage frame) {
    int left = frame.getWidth(), top = frame.getHeight(), right = -1, bottom = -1;
    for (int y = 0; y < frame.getHeight(); y++) {
        for (int x = 0; x < frame.getWidth(); x++) {
            if ((frame.getRGB(x, y) & 0xffffff) != 0) {
                left = Math.min(left, x);
                top = Math.min(top, y);
                right = Math.max(right, x);
                bottom = Math.max(bottom, y);
            }
        }
    }
    return right < 0 ? null : new Detection(number, left, top, right - left + 1, bottom - top + 1);
}

byte[] png(BufferedImage image) {
    var bytes = new ByteArrayOutputStream();
    try {
        ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
        throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
}
