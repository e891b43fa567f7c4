package dashboard.camera;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;

/** The still part of the built-in scene. It has no text, because a server may have no fonts. */
final class Garden {
    static final int WIDTH = 640;
    static final int HEIGHT = 360;

    private static final int W = WIDTH;
    private static final int H = HEIGHT;
    private static final int HORIZON = 214;

    private Garden() {}

    static BufferedImage draw() {
        var image = new BufferedImage(W, H, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        sky(g);
        hill(g, 0xa3b9b2, 150, 60, 240, 105, 470);
        hill(g, 0x86a392, 190, 150, 330, 140, 560);
        lawn(g);
        house(g);
        fence(g);
        tree(g);
        g.dispose();
        return image;
    }

    private static void sky(Graphics2D g) {
        g.setPaint(new GradientPaint(0, 0, new Color(0x9fc3d8), 0, HORIZON, new Color(0xf7e3c6)));
        g.fill(new Rectangle2D.Double(0, 0, W, HORIZON));
        g.setColor(new Color(0xfff3d6));
        g.fill(new Ellipse2D.Double(448, 58, 44, 44));
    }

    private static void hill(
            Graphics2D g, int rgb, double left, double x1, double y1, double y2, double x2) {
        var hill = new Path2D.Double();
        hill.moveTo(0, left);
        hill.curveTo(x1, left - 60, x2 - 200, y1 - 40, x2 - 100, y2 + 60);
        hill.curveTo(x2, y2 + 20, W - 60, y2 - 10, W, y2 + 10);
        hill.lineTo(W, HORIZON + 20);
        hill.lineTo(0, HORIZON + 20);
        hill.closePath();
        g.setColor(new Color(rgb));
        g.fill(hill);
    }

    private static void lawn(Graphics2D g) {
        g.setPaint(new GradientPaint(0, HORIZON, new Color(0x8fae6d), 0, H, new Color(0x668a4c)));
        g.fill(new Rectangle2D.Double(0, HORIZON, W, H - HORIZON));
        var path = new Path2D.Double();
        path.moveTo(0, 288);
        path.curveTo(200, 276, 420, 300, W, 284);
        path.lineTo(W, 316);
        path.curveTo(420, 330, 200, 308, 0, 320);
        path.closePath();
        g.setColor(new Color(0xd9c7a3));
        g.fill(path);
    }

    private static void house(Graphics2D g) {
        g.setColor(new Color(0xefe4d0));
        g.fill(new Rectangle2D.Double(478, 166, 120, 92));
        var roof = new Path2D.Double();
        roof.moveTo(462, 170);
        roof.lineTo(538, 116);
        roof.lineTo(614, 170);
        roof.closePath();
        g.setColor(new Color(0xa9553f));
        g.fill(roof);
        g.setColor(new Color(0x5f7f92));
        g.fill(new Rectangle2D.Double(494, 188, 26, 28));
        g.fill(new Rectangle2D.Double(558, 188, 26, 28));
        g.setColor(new Color(0x6e4a3a));
        g.fill(new Rectangle2D.Double(527, 208, 24, 50));
    }

    private static void fence(Graphics2D g) {
        g.setColor(new Color(0xf3ead9));
        for (int x = 150; x < 470; x += 20) {
            g.fill(new Rectangle2D.Double(x, 222, 7, 36));
        }
        g.fill(new Rectangle2D.Double(146, 230, 332, 5));
        g.fill(new Rectangle2D.Double(146, 246, 332, 5));
    }

    private static void tree(Graphics2D g) {
        g.setColor(new Color(0x6b4f3a));
        g.setStroke(new BasicStroke(16, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        g.drawLine(78, 268, 82, 180);
        g.setColor(new Color(0x4f7a4a));
        g.fill(new Ellipse2D.Double(20, 86, 96, 96));
        g.fill(new Ellipse2D.Double(62, 108, 88, 84));
        g.setColor(new Color(0x5d8a55));
        g.fill(new Ellipse2D.Double(36, 70, 82, 78));
    }
}
