package dashboard.camera;

import java.awt.image.BufferedImage;

/** Where frames come from. */
public sealed interface FrameSource permits Scene, ImageFolder {
    /** The frame of this number, from 0 on. */
    BufferedImage frame(long number);
}
