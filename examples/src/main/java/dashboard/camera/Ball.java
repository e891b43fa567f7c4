package dashboard.camera;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Arc2D;
import java.awt.geom.Ellipse2D;

/** A ball that bounces through the garden, lower each time. */
record Ball() implements Actor {
    private static final double GROUND = 332;
    private static final double RADIUS = 17;
    private static final Color RED = new Color(0xc8433a);
    private static final Color WHITE = new Color(0xf6efe4);
    private static final int BOUNCES = 5;

    @Override
    public void draw(Graphics2D graphics, double way) {
        double high = 130 * (1 - way) * Math.abs(Math.sin(way * BOUNCES * Math.PI + 0.6));
        var g = (Graphics2D) graphics.create();
        g.translate(-30 + 700 * way, GROUND - RADIUS - high);
        g.rotate(way * 14);
        g.setColor(RED);
        g.fill(new Ellipse2D.Double(-RADIUS, -RADIUS, 2 * RADIUS, 2 * RADIUS));
        g.setColor(WHITE);
        g.fill(new Arc2D.Double(-RADIUS, -RADIUS, 2 * RADIUS, 2 * RADIUS, 0, 60, Arc2D.PIE));
        g.fill(new Arc2D.Double(-RADIUS, -RADIUS, 2 * RADIUS, 2 * RADIUS, 180, 60, Arc2D.PIE));
        g.dispose();
    }
}
