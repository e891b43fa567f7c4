package benchmarks;

import java.util.List;

/** An SVG picture with the first figure of each scenario as bars; shorter is better. */
final class Chart {
    private static final int WIDTH = 720;
    private static final int LEFT = 90;
    private static final int RIGHT = 80;
    private static final int BAR = 16;
    private static final int STEP = 22;
    private static final int TITLE = 40;

    private final Report report;
    private final StringBuilder svg = new StringBuilder();
    private int y = 10;

    Chart(Report report) {
        this.report = report;
    }

    String svg() {
        report.scenarios().forEach(this::scenario);
        return """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="13">
        <rect width="100%%" height="100%%" fill="white"/>
        %s</svg>
        """
                .formatted(WIDTH, y + 10, svg);
    }

    private void scenario(Scenario scenario) {
        List<Contestant> shown =
                report.servers().stream()
                        .filter(server -> !Double.isNaN(report.headline(scenario, server)))
                        .toList();
        double most =
                shown.stream()
                        .mapToDouble(server -> report.headline(scenario, server))
                        .max()
                        .orElse(1);
        svg.append(
                "<text x=\"10\" y=\"%d\" font-weight=\"600\">%s: %s</text>\n"
                        .formatted(y + 20, scenario.id(), Report.headlineTitle(scenario)));
        y += TITLE - 8;
        for (Contestant server : shown) {
            bar(server, report.headline(scenario, server), most);
        }
        y += 8;
    }

    private void bar(Contestant server, double value, double most) {
        double length = Math.max(1, (WIDTH - LEFT - RIGHT) * value / most);
        String colour = server == Contestant.OURS ? "#0b6e4f" : "#9aa5b1";
        svg.append(
                """
                <text x="%d" y="%d" text-anchor="end">%s</text>
                <rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/>
                <text x="%.0f" y="%d">%s</text>
                """
                        .formatted(
                                LEFT - 8,
                                y + 13,
                                server.id(),
                                LEFT,
                                y,
                                length,
                                BAR,
                                colour,
                                LEFT + length + 6,
                                y + 13,
                                Report.number(value, value < 100 ? 1 : 0)));
        y += STEP;
    }
}
