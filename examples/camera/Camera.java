// A camera that reports motion the moment it sees it.
//
//   ./microdot run examples/camera/Camera.java [PORT]
//   curl -N http://localhost:5000/detections

import static microdot.sse.Sse.withSse;

import java.awt.Color;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import microdot.Microdot;
import microdot.sse.Event;

record Detection(long frame, int x, int y, int width, int height) {}

void main(String[] args) {
    var app = new Microdot();

    app.get("/detections", withSse((request, sse) -> {
        BufferedImage before = frame(0);
        for (long number = 1; ; number++) {
            BufferedImage now = frame(number);
            Rectangle moved = difference(before, now);
            if (!moved.isEmpty()) {
                var detection = new Detection(number, moved.x, moved.y, moved.width, moved.height);
                sse.send(Event.of(detection).event("detection"));
            }
            before = now;
            Thread.sleep(100);
        }
    }));

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** A box that slides for two seconds and rests for two. Put the frames of your own camera here. */
BufferedImage frame(long number) {
    var image = new BufferedImage(320, 180, BufferedImage.TYPE_INT_RGB);
    var graphics = image.createGraphics();
    graphics.setColor(Color.ORANGE);
    graphics.fillRect((int) Math.min(number % 40, 20) * 14, 100, 40, 40);
    graphics.dispose();
    return image;
}

/** Returns the part of the picture that changed; empty when nothing changed. */
Rectangle difference(BufferedImage before, BufferedImage now) {
    var moved = new Rectangle(0, 0, -1, -1);
    for (int y = 0; y < now.getHeight(); y++) {
        for (int x = 0; x < now.getWidth(); x++) {
            if (now.getRGB(x, y) != before.getRGB(x, y)) {
                moved = moved.union(new Rectangle(x, y, 1, 1));
            }
        }
    }
    return moved;
}
