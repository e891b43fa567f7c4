package microdot.netty.http2;

/** The ids of the streams that this side has reset last. Confined to the event loop. */
final class ResetStreams {
    /** At least as many as a client may have open with the default options. */
    private static final int MOST = 256;

    private static final int[] NONE = {};

    private int[] ids = NONE; // Made by the first reset.
    private int next;

    void add(int id) {
        if (ids.length == 0) {
            ids = new int[MOST];
        }
        ids[next] = id;
        next = (next + 1) % MOST;
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
