package dashboard.camera;

import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/** The images of a folder in the order of their names, in a loop. */
public final class ImageFolder implements FrameSource {
    private static final Pattern IMAGE = Pattern.compile(".*\\.(jpe?g|png|gif|bmp)");

    /** Wider images are scaled down: more pixels cost time and do not help the detector. */
    private static final int MAX_WIDTH = 960;

    private final List<Path> images;

    /**
     * Reads the names in the folder now, and each image when it is needed.
     *
     * @throws IllegalArgumentException when the folder cannot be read or contains no image
     */
    public ImageFolder(Path folder) {
        try (var files = Files.list(folder)) {
            images = files.filter(file -> isImage(file.getFileName().toString())).sorted().toList();
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    folder + ": cannot be read (expected: a folder of images)", e);
        }
        if (images.isEmpty()) {
            throw new IllegalArgumentException(
                    folder + ": no images (expected: .jpg, .png, .gif or .bmp files)");
        }
    }

    @Override
    public BufferedImage frame(long number) {
        Path file = images.get((int) (number % images.size()));
        BufferedImage image;
        try {
            image = ImageIO.read(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": " + e.getMessage(), e);
        }
        if (image == null) {
            throw new IllegalStateException(file + ": not an image that Java can read");
        }
        return fitted(image);
    }

    private static boolean isImage(String name) {
        return IMAGE.matcher(name.toLowerCase(Locale.ROOT)).matches();
    }

    /** Also removes transparency, which JPEG does not support. */
    private static BufferedImage fitted(BufferedImage image) {
        double scale = Math.min(1, (double) MAX_WIDTH / image.getWidth());
        int width = (int) Math.round(image.getWidth() * scale);
        int height = Math.max(1, (int) Math.round(image.getHeight() * scale));
        var fitted = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        var graphics = fitted.createGraphics();
        graphics.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(image, 0, 0, width, height, null);
        graphics.dispose();
        return fitted;
    }
}
