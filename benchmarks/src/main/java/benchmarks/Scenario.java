package benchmarks;

/** The load on a server. */
enum Scenario {
    IDLE("streams without events: the cost of a connection"),
    BROADCAST("publish, wait until every follower has it, publish the next"),
    PIPELINED("the same with 16 events in flight"),
    RATE("a fixed number of events per second, whether or not earlier ones arrived"),
    TICKS("each stream sends on its own, from a loop in its handler");

    final String text;

    Scenario(String text) {
        this.text = text;
    }

    String id() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
