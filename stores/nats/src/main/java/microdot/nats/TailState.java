package microdot.nats;

/**
 * Up to where a node's tail has everything.
 *
 * @param sequence of the newest message that the tail has seen, or skipped at the start
 * @param nanos when it was stored, by the server's clock, in nanoseconds since 1970
 */
record TailState(Positions positions, long sequence, long nanos) {
    long position() {
        return positions.position(sequence);
    }
}
