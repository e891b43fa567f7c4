package microdot.sse;

/** What makes the snapshots of a topic. */
interface SnapshotSource {
    /**
     * Returns the current snapshot, which has a fence of at least the position. On a thread that
     * may block.
     *
     * @throws java.util.concurrent.CancellationException when the client left meanwhile
     * @throws SnapshotTicket.Failed when the snapshot failed, which is logged already
     */
    Snapshot take(Waiter client, long after);

    /** Returns whether code of the application makes them, which may take long. */
    boolean runsUserCode();
}
