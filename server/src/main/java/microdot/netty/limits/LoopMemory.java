package microdot.netty.limits;

import io.netty.buffer.ByteBuf;
import java.util.IdentityHashMap;

/**
 * What waits in the connections of one event loop. A connection has an account only while something
 * waits, so that a client that reads costs nothing. Confined to the event loop.
 */
public final class LoopMemory {
    private final WaitingMemory server;
    private final long lump;
    private final IdentityHashMap<Object, MemoryAccount> accounts = new IdentityHashMap<>();
    private final IdentityHashMap<ByteBuf, HeldFrame> frames = new IdentityHashMap<>();
    private long unreported;

    /** Creates the memory of a loop. */
    public LoopMemory(WaitingMemory server) {
        this.server = server;
        this.lump = server.lump();
    }

    /**
     * Returns the account of a connection, which it keeps until nothing waits.
     *
     * @param owner the connection or its stream
     * @param disconnect closes it later; from any thread, must not close it within the call
     */
    public MemoryAccount account(Object owner, Runnable disconnect) {
        return accounts.computeIfAbsent(
                owner,
                key ->
                        new MemoryAccount(
                                this::add, server, () -> accounts.remove(key), disconnect));
    }

    /** Adds bytes; fewer wait when negative. */
    void add(long bytes) {
        unreported += bytes;
        if (unreported >= lump || unreported <= -lump) {
            server.add(unreported);
            unreported = 0;
        }
    }

    /**
     * Holds a frame until {@link HeldFrame#leave}. A frame that several connections hold counts
     * once.
     */
    public HeldFrame hold(ByteBuf bytes) {
        HeldFrame frame = frames.get(bytes);
        if (frame == null) {
            frame = new HeldFrame(bytes);
            frames.put(bytes, frame);
        }
        frame.holders++;
        return frame;
    }

    /** A frame that waits in one or more connections. */
    public final class HeldFrame {
        private final ByteBuf bytes;
        private final int size;
        private int holders;

        private HeldFrame(ByteBuf bytes) {
            this.bytes = bytes.retain(); // Else the object could be reused for another frame.
            this.size = bytes.capacity();
            add(size);
        }

        /** One connection holds the frame no longer. */
        public void leave() {
            holders--;
            if (holders == 0) {
                frames.remove(bytes);
                add(-size);
                bytes.release();
            }
        }
    }
}
