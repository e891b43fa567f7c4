package dashboard.camera;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.util.List;
import java.util.Random;

/**
 * A garden through which something moves now and then, with the noise of a cheap camera, so that a
 * detector has to distinguish the two. The same number always gives the same frame.
 */
public final class Scene implements FrameSource {
    private static final int WIDTH = Garden.WIDTH;
    private static final int HEIGHT = Garden.HEIGHT;

    /** How far noise may change the brightness of a pixel, up or down. */
    private static final int NOISE = 4;

    /** The length of the loop in frames. Much of it is quiet, without detections. */
    private static final int ROUND = 320;

    private static final List<Appearance> PLAY =
            List.of(
                    new Appearance(new Cat(true), 16, 64),
                    new Appearance(new Bird(), 104, 44),
                    new Appearance(new Ball(), 172, 40),
                    new Appearance(new Cat(false), 232, 60),
                    new Appearance(new Bird(), 246, 40));

    private record Appearance(Actor actor, int from, int length) {}

    private final BufferedImage garden = Garden.draw();
    private final byte[] noise = noise();

    @Override
    public BufferedImage frame(long number) {
        var image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(
                RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.drawImage(garden, 0, 0, null);
        int now = (int) (number % ROUND);
        for (Appearance appearance : PLAY) {
            if (now >= appearance.from && now < appearance.from + appearance.length) {
                appearance.actor.draw(
                        graphics, (double) (now - appearance.from) / appearance.length);
            }
        }
        graphics.dispose();
        addNoise(image, number);
        return image;
    }

    /**
     * The same noise at another offset for each frame: new random numbers would take longer than
     * drawing the picture.
     */
    private void addNoise(BufferedImage image, long number) {
        int[] pixels = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
        int offset = (int) (number * 7919 % pixels.length);
        for (int i = 0; i < pixels.length; i++) {
            int by = noise[(i + offset) % noise.length];
            int rgb = pixels[i];
            pixels[i] =
                    shifted(rgb >> 16, by) << 16 | shifted(rgb >> 8, by) << 8 | shifted(rgb, by);
        }
    }

    private static int shifted(int colour, int by) {
        return Math.clamp((colour & 255) + by, 0, 255);
    }

    private static byte[] noise() {
        var random = new Random(1);
        byte[] noise = new byte[WIDTH * HEIGHT + 1];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = (byte) random.nextInt(-NOISE, NOISE + 1);
        }
        return noise;
    }
}
