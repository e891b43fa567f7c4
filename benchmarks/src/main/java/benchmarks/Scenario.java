package benchmarks;

/** What is asked of a server. */
enum Scenario {
    IDLE("streams that get nothing: what a connection costs"),
    BROADCAST("publish, wait until everybody has it, publish the next"),
    PIPELINED("the same, but with 16 events on their way"),
    RATE("so many events a second, whether or not the earlier have arrived"),
    TICKS("each stream sends by itself, from a loop of its own");

    final String text;

    Scenario(String text) {
        this.text = text;
    }

    String id() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
