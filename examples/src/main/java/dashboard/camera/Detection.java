package dashboard.camera;

import java.util.List;

/**
 * Something moved.
 *
 * @param frame the number of the frame in which
 * @param time milliseconds since 1970
 * @param width of the frame that the boxes refer to
 * @param height of the frame that the boxes refer to
 */
public record Detection(long frame, long time, int width, int height, List<Box> boxes) {}
