package dashboard.camera;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/**
 * Takes frames, keeps the last ones, and reports each frame in which something moves as soon as it
 * is taken.
 */
public final class Camera {
    /** How many times a second {@link #take} is to be called. */
    public static final int FRAMES_A_SECOND = 8;

    private static final int NOISE = 24;
    private static final int SMALLEST = 150;
    private static final int KEEP = 16;

    /** Frames with motion are kept longer, because pages show them beside the detection. */
    private static final int KEEP_DETECTED = 256;

    private final FrameSource source;
    private final Consumer<Detection> detected;
    private final MotionDetector detector = new MotionDetector(NOISE, SMALLEST);
    private final Map<Long, Frame> recent = lastOf(KEEP);
    private final Map<Long, Frame> withMotion = lastOf(KEEP_DETECTED);
    private @Nullable Frame newest;
    private long next;

    /**
     * Creates a camera that takes frames from the source. It passes each detection on, on the
     * thread that calls {@link #take}.
     */
    public Camera(FrameSource source, Consumer<Detection> detected) {
        this(source, detected, 0);
    }

    /**
     * Creates a camera whose first frame has this number, so that detections of an earlier run
     * which are still kept have other frames.
     */
    public Camera(FrameSource source, Consumer<Detection> detected, long first) {
        this.source = source;
        this.detected = detected;
        this.next = first;
    }

    /**
     * Takes one frame. Pages can fetch it before its detection is passed on. Call it from a single
     * thread.
     */
    public void take() {
        long number = next++;
        BufferedImage image = source.frame(number);
        List<Box> boxes = detector.look(image);
        keep(new Frame(number, jpeg(image)), !boxes.isEmpty());
        if (!boxes.isEmpty()) {
            long time = System.currentTimeMillis();
            detected.accept(
                    new Detection(number, time, image.getWidth(), image.getHeight(), boxes));
        }
    }

    /**
     * Returns the newest frame. Waits for a frame other than {@code seen}; returns null when none
     * arrives within {@code atMost}. Other, not higher: a page may have seen its frame in an
     * earlier run of the server.
     */
    public synchronized @Nullable Frame newest(long seen, Duration atMost)
            throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        while (newest == null || newest.number() == seen) {
            long millis = (end - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                return null;
            }
            wait(millis);
        }
        return newest;
    }

    /** Returns the frame of this number; null when it is no longer kept. */
    public synchronized @Nullable Frame frame(long number) {
        Frame frame = recent.get(number);
        return frame != null ? frame : withMotion.get(number);
    }

    private synchronized void keep(Frame frame, boolean motion) {
        recent.put(frame.number(), frame);
        if (motion) {
            withMotion.put(frame.number(), frame);
        }
        newest = frame;
        notifyAll();
    }

    private static byte[] jpeg(BufferedImage image) {
        var bytes = new ByteArrayOutputStream(64 << 10);
        try {
            if (!ImageIO.write(image, "jpeg", bytes)) {
                throw new IllegalStateException("this Java cannot write JPEG");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static <V> Map<Long, V> lastOf(int size) {
        return new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, V> eldest) {
                return size() > size;
            }
        };
    }
}
