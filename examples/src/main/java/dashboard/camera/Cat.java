package dashboard.camera;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.QuadCurve2D;

/** A cat that walks along the path, from the left or from the right. */
record Cat(boolean fromLeft) implements Actor {
    private static final double GROUND = 306;
    private static final Color FUR = new Color(0x2f2b33);
    private static final Color EYE = new Color(0xf2c14e);
    private static final int STEPS = 14;

    @Override
    public void draw(Graphics2D graphics, double way) {
        double x = fromLeft ? -70 + 780 * way : 710 - 780 * way;
        double step = way * STEPS * 2 * Math.PI;
        var g = (Graphics2D) graphics.create();
        g.translate(x, GROUND + Math.abs(Math.sin(step)) * -2);
        g.scale(fromLeft ? 1 : -1, 1);
        g.setColor(FUR);
        legs(g, step);
        body(g, step);
        head(g);
        g.dispose();
    }

    private static void legs(Graphics2D g, double step) {
        g.setStroke(new BasicStroke(6, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        for (int leg = 0; leg < 4; leg++) {
            double hip = leg < 2 ? -20 : 16;
            double swing = Math.sin(step + leg * Math.PI * 0.75) * 8;
            g.draw(new Line2D.Double(hip + leg % 2 * 5, -20, hip + leg % 2 * 5 + swing, 0));
        }
    }

    private static void body(Graphics2D g, double step) {
        g.fill(new Ellipse2D.Double(-32, -38, 62, 25));
        g.setStroke(new BasicStroke(5, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        double sway = Math.sin(step / 2) * 7;
        g.draw(new QuadCurve2D.Double(-28, -30, -50, -30, -48 + sway, -60));
    }

    private static void head(Graphics2D g) {
        g.fill(new Ellipse2D.Double(22, -52, 24, 22));
        ear(g, 25);
        ear(g, 36);
        g.setColor(EYE);
        g.fill(new Ellipse2D.Double(38, -44, 4, 4));
    }

    private static void ear(Graphics2D g, double x) {
        var ear = new Path2D.Double();
        ear.moveTo(x, -46);
        ear.lineTo(x + 3, -60);
        ear.lineTo(x + 9, -48);
        ear.closePath();
        g.fill(ear);
    }
}
