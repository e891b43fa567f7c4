package dashboard.camera;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CameraTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @Test
    void frameExistsWhenItsDetectionIsReported() throws IOException {
        List<Detection> seen = new ArrayList<>();
        List<@Nullable Frame> frames = new ArrayList<>();
        var holder = new ArrayList<Camera>();
        holder.add(
                new Camera(
                        new Scene(),
                        detection -> {
                            seen.add(detection);
                            frames.add(holder.getFirst().frame(detection.frame()));
                        }));
        for (int i = 0; i < 40; i++) {
            holder.getFirst().take();
        }
        assertTrue(seen.size() > 5, "detections: " + seen.size());
        Frame first = frames.getFirst();
        assertNotNull(first);
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(first.jpeg()));
        assertEquals(seen.getFirst().width(), picture.getWidth());
        assertEquals(seen.getFirst().height(), picture.getHeight());
    }

    @Test
    void waitingPageGetsTheNextFrame() throws Exception {
        var camera = new Camera(new Scene(), detection -> {});
        camera.take();
        var next = new CompletableFuture<@Nullable Frame>();
        Thread.ofVirtual().start(() -> complete(next, camera));
        camera.take();
        Frame frame = next.get(20, TimeUnit.SECONDS);
        assertNotNull(frame);
        assertEquals(1, frame.number());
    }

    @Test
    void frameNumberOfEarlierRunDoesNotWait() throws InterruptedException {
        var camera = new Camera(new Scene(), detection -> {});
        camera.take();
        Frame frame = camera.newest(5000, LONG);
        assertNotNull(frame);
        assertEquals(0, frame.number());
    }

    @Test
    void waitEndsWithoutFrame() throws InterruptedException {
        assertNull(new Camera(new Scene(), detection -> {}).newest(-1, Duration.ofMillis(5)));
    }

    @Test
    void folderPlaysInLoopByName(@TempDir Path folder) throws IOException {
        write(folder, "b.png", Color.BLUE);
        write(folder, "a.png", Color.RED);
        Files.writeString(folder.resolve("notes.txt"), "no image");
        var source = new ImageFolder(folder);
        assertEquals(Color.RED.getRGB(), source.frame(0).getRGB(5, 5));
        assertEquals(Color.BLUE.getRGB(), source.frame(1).getRGB(5, 5));
        assertEquals(Color.RED.getRGB(), source.frame(2).getRGB(5, 5));
    }

    @Test
    void folderWithoutImagesIsRejected(@TempDir Path folder) {
        var error = assertThrows(IllegalArgumentException.class, () -> new ImageFolder(folder));
        assertTrue(String.valueOf(error.getMessage()).contains("no images"), error.toString());
    }

    private static void complete(CompletableFuture<@Nullable Frame> next, Camera camera) {
        try {
            next.complete(camera.newest(0, LONG));
        } catch (InterruptedException e) {
            next.completeExceptionally(e);
        }
    }

    private static void write(Path folder, String name, Color colour) throws IOException {
        var image = new BufferedImage(20, 10, BufferedImage.TYPE_INT_RGB);
        var graphics = image.createGraphics();
        graphics.setColor(colour);
        graphics.fillRect(0, 0, 20, 10);
        graphics.dispose();
        ImageIO.write(image, "png", folder.resolve(name).toFile());
    }
}
