package dashboard.camera;

import java.awt.Graphics2D;

/** Something that moves through the built-in scene. */
interface Actor {
    /** Draws it at a share of its way, from 0 to 1. */
    void draw(Graphics2D graphics, double way);
}
