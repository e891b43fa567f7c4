package microdot.sse.log;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One run of the order, from its start to the end of the process, and the ids of its positions. */
public final class Epoch {
    private final String name;
    private final byte[] start;

    Epoch() {
        this(EventId.newEpoch());
    }

    private Epoch(String name) {
        this.name = name;
        this.start = ("id: " + name + "-").getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Returns the same epoch with other ids, {@code epoch.part-position}: for a topic that only a
     * client that knows the part may read.
     *
     * @param part letters and digits
     */
    public Epoch with(String part) {
        return new Epoch(name + "." + part);
    }

    /** Returns its name, with which all its ids begin. */
    public String name() {
        return name;
    }

    /** Returns whether the id was given in this epoch. */
    public boolean isOf(EventId id) {
        return id.epoch().equals(name);
    }

    public String id(long position) {
        return name + "-" + position;
    }

    /** Returns the {@code id} field with this position, with the end of its line. */
    public byte[] idLine(long position) {
        return idLine(Long.toString(position));
    }

    /** Returns the {@code id} field for a client whose snapshots are of a later position. */
    public byte[] idLineBeforeSnapshots(long position) {
        return idLine(position + "s");
    }

    private byte[] idLine(String end) {
        byte[] digits = end.getBytes(StandardCharsets.US_ASCII);
        byte[] line = Arrays.copyOf(start, start.length + digits.length + 1);
        System.arraycopy(digits, 0, line, start.length, digits.length);
        line[line.length - 1] = '\n';
        return line;
    }
}
