package dashboard.camera;

import java.awt.image.BufferedImage;

/** A source of frames. */
public interface FrameSource {
    /** Returns the frame of this number; the first number is 0. */
    BufferedImage frame(long number);
}
