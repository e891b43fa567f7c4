package microdot.netty.limits;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.util.IdentityHashMap;

/**
 * Counts what waits in the connections of one event loop. A connection has an account only while
 * something waits, so that a client that reads costs nothing. Confined to the event loop.
 */
public final class LoopMemory {
    private final WaitingMemory server;
    private final long lump;
    private final IdentityHashMap<Object, MemoryAccount> accounts = new IdentityHashMap<>();
    private final IdentityHashMap<Object, HeldBytes> held = new IdentityHashMap<>();
    private long unreported;
    private volatile int connections;

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
        MemoryAccount known = accounts.get(owner);
        return known == null ? open(owner, disconnect) : known;
    }

    private MemoryAccount open(Object owner, Runnable disconnect) {
        var account = new MemoryAccount(this::add, server, () -> closed(owner), disconnect);
        accounts.put(owner, account);
        connections = accounts.size();
        return account;
    }

    private void closed(Object owner) {
        accounts.remove(owner);
        connections = accounts.size();
    }

    /** Returns the number of connections in which something waits. From any thread. */
    public int connections() {
        return connections;
    }

    /** Adds bytes; fewer wait when negative. */
    void add(long bytes) {
        unreported += bytes;
        if (unreported >= lump || unreported <= -lump) {
            server.add(unreported);
            unreported = 0;
        }
    }

    /** Returns the memory of the server. */
    public WaitingMemory server() {
        return server;
    }

    /**
     * Counts bytes until {@link HeldBytes#leave}: the frame of an event, or the body of a response.
     * Bytes that several connections hold count once.
     *
     * @param bytes a ByteBuf or a byte[]; the same object for all connections that share it
     */
    public HeldBytes hold(Object bytes) {
        HeldBytes entry = held.get(bytes);
        if (entry == null) {
            entry = new HeldBytes(bytes);
            held.put(bytes, entry);
        }
        entry.holders++;
        return entry;
    }

    /** Bytes that wait in one or more connections. */
    public final class HeldBytes {
        private final Object bytes;
        private final long size;
        private int holders;

        private HeldBytes(Object bytes) {
            // Retained, else the buffer could be reused for another frame.
            this.bytes = ReferenceCountUtil.retain(bytes);
            int length =
                    bytes instanceof ByteBuf buffer ? buffer.capacity() : ((byte[]) bytes).length;
            this.size = server.counted(length);
            add(size);
        }

        /** Returns what counts of the bytes. */
        public long size() {
            return size;
        }

        /** One connection holds the bytes no longer. */
        public void leave() {
            holders--;
            if (holders == 0) {
                held.remove(bytes);
                add(-size);
                ReferenceCountUtil.release(bytes);
            }
        }
    }
}
