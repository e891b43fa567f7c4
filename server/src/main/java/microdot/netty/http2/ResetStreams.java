package microdot.netty.http2;

/** The ids of the streams that this side has reset last. Confined to the event loop. */
final class ResetStreams {
    private static final int LEAST = 256;

    /** All of them are looked at for each frame of a stream that has ended. */
    private static final int MOST = 4096;

    private static final int[] NONE = {};

    private final int most;
    private int[] ids = NONE; // Made by the first reset.
    private int next;

    /**
     * Remembers as many as a client may have open.
     *
     * @param open how many that are; more than 4,096 are not remembered
     */
    ResetStreams(int open) {
        this.most = Math.clamp(open, LEAST, MOST);
    }

    void add(int id) {
        if (ids.length == 0) {
            ids = new int[most];
        }
        ids[next] = id;
        next = (next + 1) % most;
    }

    boolean contains(int id) {
        for (int known : ids) {
            if (known == id) {
                return true;
            }
        }
        return false;
    }
}
