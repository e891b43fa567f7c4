package dashboard.camera;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds motion by differences between frames.
 *
 * <p>Two differences count. A pixel that differs from the background, a slow average of all frames,
 * belongs to something that was not always there. A pixel that differs from the frame before is
 * changing now. A group of the first kind is reported when it contains pixels of the second: the
 * first alone would report a parked car for minutes; the second alone would show only the edges of
 * a moving object, and the place that it left.
 */
public final class MotionDetector {
    /**
     * The side of the square cells, in pixels, in which changed pixels are counted: a single noisy
     * pixel does not mark a cell.
     */
    private static final int CELL = 4;

    private static final int CELL_MINIMUM = CELL * CELL / 3;
    private static final int REACH = 3;

    /**
     * The share of the picture above which a change is one of the light or of the scene, not
     * motion.
     */
    private static final double CUT = 0.6;

    private static final float LEARN_STILL = 0.1f;

    /**
     * Slower where something is in front, so that the background does not adapt to it meanwhile.
     */
    private static final float LEARN_MOVING = 0.02f;

    private final int threshold;
    private final int minimumArea;
    private int width;
    private int height;
    private int[] previous = {};
    private float[] background = {};

    /**
     * Creates a detector.
     *
     * @param threshold differences of brightness, out of 255, up to this are noise
     * @param minimumArea groups that cover less, in pixels, are ignored
     */
    public MotionDetector(int threshold, int minimumArea) {
        this.threshold = threshold;
        this.minimumArea = minimumArea;
    }

    /**
     * Returns the motion in this frame, compared with the frames before; empty for the first frame.
     */
    public List<Box> look(BufferedImage image) {
        int[] gray = gray(image);
        if (image.getWidth() != width || image.getHeight() != height) {
            width = image.getWidth();
            height = image.getHeight();
            startWith(gray);
            return List.of();
        }
        var cells = new Cells();
        cells.count(gray);
        if (cells.share() > CUT) {
            startWith(gray);
            return List.of();
        }
        learn(gray);
        return cells.boxes();
    }

    private void startWith(int[] gray) {
        previous = gray;
        background = new float[gray.length];
        for (int i = 0; i < gray.length; i++) {
            background[i] = gray[i];
        }
    }

    private void learn(int[] gray) {
        for (int i = 0; i < gray.length; i++) {
            float difference = gray[i] - background[i];
            background[i] +=
                    difference * (Math.abs(difference) > threshold ? LEARN_MOVING : LEARN_STILL);
        }
        previous = gray;
    }

    /** Brightness with the weights of the eye for the colours (BT.601), in whole numbers. */
    private static int[] gray(BufferedImage image) {
        int[] pixels =
                image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        for (int i = 0; i < pixels.length; i++) {
            int rgb = pixels[i];
            pixels[i] =
                    (299 * (rgb >> 16 & 255) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255)) / 1000;
        }
        return pixels;
    }

    /** The counts of one frame. */
    private final class Cells {
        private final int columns = (width + CELL - 1) / CELL;
        private final int rows = (height + CELL - 1) / CELL;
        private final int[] differs = new int[columns * rows];
        private final int[] changes = new int[columns * rows];
        private final boolean[] marked = new boolean[columns * rows];

        void count(int[] gray) {
            for (int i = 0; i < gray.length; i++) {
                int cell = i / width / CELL * columns + i % width / CELL;
                if (Math.abs(gray[i] - background[i]) > threshold) {
                    differs[cell]++;
                }
                if (Math.abs(gray[i] - previous[i]) > threshold) {
                    changes[cell]++;
                }
            }
            for (int cell = 0; cell < marked.length; cell++) {
                marked[cell] = differs[cell] >= CELL_MINIMUM;
            }
        }

        double share() {
            int count = 0;
            for (boolean mark : marked) {
                count += mark ? 1 : 0;
            }
            return (double) count / marked.length;
        }

        List<Box> boxes() {
            List<Box> boxes = new ArrayList<>();
            for (List<Integer> blob : new Blobs(columns, rows, REACH).find(marked)) {
                Box box = box(blob);
                if (box != null) {
                    boxes.add(box);
                }
            }
            return boxes;
        }

        private @Nullable Box box(List<Integer> blob) {
            int left = columns;
            int top = rows;
            int right = 0;
            int bottom = 0;
            int area = 0;
            int moving = 0;
            for (int cell : blob) {
                left = Math.min(left, cell % columns);
                right = Math.max(right, cell % columns);
                top = Math.min(top, cell / columns);
                bottom = Math.max(bottom, cell / columns);
                area += differs[cell];
                moving += changes[cell];
            }
            if (area < minimumArea || moving < CELL_MINIMUM) {
                return null;
            }
            int x = left * CELL;
            int y = top * CELL;
            int boxWidth = Math.min(width, (right + 1) * CELL) - x;
            int boxHeight = Math.min(height, (bottom + 1) * CELL) - y;
            double score = (double) area / (boxWidth * boxHeight);
            return new Box(x, y, boxWidth, boxHeight, Math.round(score * 100) / 100.0);
        }
    }
}
