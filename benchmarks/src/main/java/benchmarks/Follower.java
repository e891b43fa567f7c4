package benchmarks;

import java.util.Arrays;
import java.util.function.LongConsumer;

/**
 * Reads the lines of one stream and checks that every event from the first one on arrives complete,
 * once and in order.
 */
final class Follower {
    private final Payload payload;
    private final LongConsumer received;
    private final Faults faults;

    private byte[] line = new byte[256];
    private int length;
    private long next = -1;
    private long number = -1;
    private boolean hasData;

    /**
     * @param received gets the number of each event that arrives in order
     */
    Follower(Payload payload, Faults faults, LongConsumer received) {
        this.payload = payload;
        this.faults = faults;
        this.received = received;
    }

    /** Returns whether an event has arrived: from then on every event must arrive. */
    boolean hasBegun() {
        return next >= 0;
    }

    void take(byte[] bytes, int from, int to) {
        int start = from;
        for (int at = from; at < to; at++) {
            if (bytes[at] == '\n') {
                whole(bytes, start, at);
                start = at + 1;
            }
        }
        keep(bytes, start, to);
    }

    private void keep(byte[] bytes, int from, int to) {
        int more = to - from;
        if (length + more > line.length) {
            line = Arrays.copyOf(line, 2 * (length + more));
        }
        System.arraycopy(bytes, from, line, length, more);
        length += more;
    }

    private void whole(byte[] bytes, int from, int to) {
        if (length == 0) {
            interpret(bytes, from, to);
            return;
        }
        keep(bytes, from, to);
        int end = length;
        length = 0;
        interpret(line, 0, end);
    }

    private void interpret(byte[] bytes, int from, int lineEnd) {
        int to = lineEnd > from && bytes[lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;
        if (from == to) {
            dispatch();
        } else if (to - from >= 5 && bytes[from] == 'd' && bytes[from + 4] == ':') {
            int value = to - from > 5 && bytes[from + 5] == ' ' ? from + 6 : from + 5;
            // No event that is published here has a second line of data.
            number = hasData ? -1 : payload.number(bytes, value, to);
            hasData = true;
        }
    }

    private void dispatch() {
        if (!hasData) {
            return;
        }
        hasData = false;
        if (number < 0) {
            faults.corrupt++;
        } else if (next >= 0 && number < next) {
            faults.repeated++;
        } else {
            faults.lost += next < 0 ? 0 : number - next;
            next = number + 1;
            received.accept(number);
        }
    }
}
