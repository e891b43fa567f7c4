package dashboard.camera;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MotionDetectorTest {
    private static final int THRESHOLD = 24;

    private final MotionDetector detector = new MotionDetector(THRESHOLD, 100);

    @Test
    void movingBoxIsFoundAtItsPlace() {
        detector.look(still());
        for (int x = 20; x < 200; x += 20) {
            var place = new Rectangle(x, 60, 40, 32);
            assertEquals(List.of(place), rectangles(detector.look(with(place))));
        }
    }

    @Test
    void twoBoxesAreFoundSeparately() {
        detector.look(still());
        var left = new Rectangle(20, 20, 40, 40);
        var right = new Rectangle(200, 100, 40, 40);
        assertEquals(List.of(left, right), rectangles(detector.look(with(left, right))));
    }

    @Test
    void fullBoxScoresOne() {
        detector.look(still());
        assertEquals(1.0, detector.look(with(new Rectangle(20, 20, 40, 40))).getFirst().score());
    }

    @Test
    void stillSceneHasNoMotion() {
        for (int i = 0; i < 20; i++) {
            assertEquals(List.of(), detector.look(still()));
        }
    }

    @Test
    void noiseBelowTheThresholdIsIgnored() {
        var random = new Random(7);
        for (int i = 0; i < 20; i++) {
            assertEquals(List.of(), detector.look(noisy(random, THRESHOLD / 2 - 1)));
        }
    }

    @Test
    void groupBelowTheMinimumAreaIsIgnored() {
        detector.look(still());
        assertEquals(List.of(), detector.look(with(new Rectangle(40, 40, 8, 8))));
    }

    @Test
    void stoppedObjectIsNotMotion() {
        detector.look(still());
        BufferedImage stopped = with(new Rectangle(60, 60, 40, 40));
        assertEquals(1, detector.look(stopped).size());
        assertEquals(List.of(), detector.look(stopped));
    }

    @Test
    void changeOfTheWholePictureIsNotMotion() {
        detector.look(still());
        assertEquals(List.of(), detector.look(with(new Rectangle(0, 0, 320, 180))));
    }

    @Test
    void frameOfAnotherSizeStartsAgain() {
        detector.look(still());
        assertEquals(
                List.of(), detector.look(new BufferedImage(100, 80, BufferedImage.TYPE_INT_RGB)));
    }

    @Test
    void builtInSceneIsQuietUntilTheCatAppears() {
        var scene = new Scene();
        var own = new MotionDetector(THRESHOLD, 150);
        long first = -1;
        for (long number = 0; number < 60; number++) {
            List<Box> boxes = own.look(scene.frame(number));
            if (first < 0 && !boxes.isEmpty()) {
                first = number;
            }
        }
        assertTrue(first >= 16 && first < 28, "first motion in frame " + first);
    }

    private static List<Rectangle> rectangles(List<Box> boxes) {
        return boxes.stream()
                .map(box -> new Rectangle(box.x(), box.y(), box.width(), box.height()))
                .toList();
    }

    private static BufferedImage still() {
        return with();
    }

    private static BufferedImage with(Rectangle... boxes) {
        var image = new BufferedImage(320, 180, BufferedImage.TYPE_INT_RGB);
        var graphics = image.createGraphics();
        graphics.setColor(new Color(90, 120, 90));
        graphics.fillRect(0, 0, 320, 180);
        graphics.setColor(new Color(220, 210, 60));
        for (Rectangle box : boxes) {
            graphics.fill(box);
        }
        graphics.dispose();
        return image;
    }

    private static BufferedImage noisy(Random random, int most) {
        BufferedImage image = still();
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int by = random.nextInt(-most, most + 1);
                image.setRGB(x, y, new Color(90 + by, 120 + by, 90 + by).getRGB());
            }
        }
        return image;
    }
}
