package microdot.netty.limits;

/** A connection that can be chosen when the memory is used up. From any thread. */
interface MemoryUser {
    /** Returns the product of the waiting bytes and their age; -1 if it was chosen already. */
    double score(long now);

    /** Disconnects the connection. */
    void disconnect();
}
