package benchmarks;

import java.util.List;

/** The load on a server. */
enum Scenario {
    IDLE("streams without events: the cost of a connection"),
    BROADCAST("publish, wait until every follower has it, publish the next"),
    PIPELINED("the same with 16 events in flight"),
    RATE("a fixed number of events per second, whether or not earlier ones arrived"),
    TICKS("each stream sends on its own, from a loop in its handler"),
    CONNECTS("new connections with a stream each: full handshakes, then resumed sessions"),
    MEMORY("streams without events: what one more takes, between a fifth of them and all");

    /** What is measured unless other scenarios are asked for. */
    static List<Scenario> usual(Wire wire) {
        return wire.isSecure()
                ? List.of(CONNECTS, MEMORY, BROADCAST, TICKS)
                : List.of(IDLE, BROADCAST, PIPELINED, RATE, TICKS);
    }

    final String text;

    Scenario(String text) {
        this.text = text;
    }

    String id() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
