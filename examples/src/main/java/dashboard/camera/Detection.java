package dashboard.camera;

import java.util.List;

/**
 * Motion in a frame.
 *
 * @param frame the number of the frame
 * @param time milliseconds since 1970
 * @param width the width of the frame, in pixels
 * @param height the height of the frame, in pixels
 */
public record Detection(long frame, long time, int width, int height, List<Box> boxes) {}
