package dashboard.camera;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.QuadCurve2D;

/** A bird that flies over the hills. */
record Bird() implements Actor {
    private static final Color FEATHERS = new Color(0x33415c);
    private static final int BEATS = 11;

    @Override
    public void draw(Graphics2D graphics, double way) {
        double beat = Math.sin(way * BEATS * 2 * Math.PI);
        var g = (Graphics2D) graphics.create();
        g.translate(690 - 740 * way, 92 + 34 * Math.sin(way * 5) - 8 * beat);
        g.setColor(FEATHERS);
        g.fill(new Ellipse2D.Double(-14, -5, 30, 11));
        g.fill(new Ellipse2D.Double(-20, -8, 12, 10));
        g.setStroke(new BasicStroke(6, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        double tip = -24 * beat;
        g.draw(new QuadCurve2D.Double(0, -1, 8, tip, 24, tip + 4));
        g.draw(new QuadCurve2D.Double(0, -1, -4, tip * 0.8, -16, tip * 0.8 + 4));
        g.dispose();
    }
}
