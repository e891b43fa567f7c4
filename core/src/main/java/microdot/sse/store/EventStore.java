package microdot.sse.store;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import microdot.internal.Required;

/**
 * An engine that keeps the events of topics: the order, the epochs, and the history that is older
 * than what a process has in memory. One store object serves one {@link microdot.sse.Topics}, which
 * is called a node here; several nodes may share one engine.
 *
 * <p>Everything that changes a topic is an entry: an event, a row that is put, its removal, the end
 * of a topic. Each entry has a position. Positions rise strictly in one order for all topics of the
 * engine; there may be holes. No entry is seen by a {@link Tail} or a {@link #read} before it is as
 * safe as the store makes it.
 *
 * <p>The methods may be called from any thread. Those that say that they may block are never called
 * on an event loop.
 */
public interface EventStore extends AutoCloseable {
    /** What an engine cannot do; the contract of stores skips these cases. */
    enum Limit {
        /** Several entries cannot be appended as one step. */
        ONE_ENTRY_EACH,
        /** {@link Append#expectedLast} cannot be checked. */
        NO_EXPECTED_LAST,
        /** A key of {@link Append#idempotencyKey} cannot be recognized. */
        NO_IDEMPOTENCY_KEY,
        /** An entry cannot be found by the id that its publisher gave it. */
        NO_FIND,
        /** The newest entry of each key is not kept for longer than the others. */
        NO_LATEST,
        /** The retention is the same for all topics. */
        ONE_RETENTION,
        /** Nothing is kept when the process ends. */
        NOT_DURABLE,
        /** Only one node at a time can use the engine. */
        ONE_NODE
    }

    /** Gets what is appended. Calls come one at a time. */
    interface Tail {
        /**
         * Entries were appended, by any node: each once, in the order of their positions, without
         * one that is missing.
         */
        void appended(List<StoredEntry> batch);

        /**
         * The engine may have lost entries that it had acknowledged, and a new epoch has begun. The
         * first position of the epoch is higher than every position that this tail was given.
         */
        void begins(StoreEpoch epoch);

        /**
         * The engine cannot be reached. Called once until {@link #back}.
         *
         * @param reason what a person should read, without passwords
         */
        void away(String reason);

        /** The engine can be reached again; what was appended meanwhile comes next. */
        void back();
    }

    /**
     * What a store has when it is opened.
     *
     * @param epochs oldest first; at least one
     * @param head the position of the newest entry; 0 when there was none
     * @param ends the entries that end a topic and are still kept
     */
    record Opened(List<StoreEpoch> epochs, long head, List<StoredEntry> ends) {
        /** Copies the lists. */
        public Opened {
            epochs = List.copyOf(Required.notNull(epochs, "epochs", "at least the current one"));
            ends = List.copyOf(Required.notNull(ends, "ends", "ends of topics, perhaps none"));
        }
    }

    /**
     * Begins: from now on the tail gets every entry after {@link Opened#head}; each is of the
     * newest of {@link Opened#epochs}, or of one that begins later. Called before every other
     * method, and again only after it has failed. May block.
     *
     * @throws StoreException when the engine cannot be reached or cannot be used; the text says
     *     what to do
     */
    Opened open(Tail tail);

    /**
     * Appends entries: all or none, one directly after another. Appends that a thread makes one
     * after another, without waiting, keep their order. Does not block.
     *
     * @return completes with their positions when they are as safe as this store makes them. Fails
     *     with a {@link StoreException} otherwise; with a {@link ConflictException} when the topic
     *     has another last entry than expected, with an {@link EndedException} when it has ended.
     *     Completes on any thread, so continue elsewhere before blocking
     */
    CompletionStage<List<Long>> append(Append append);

    /**
     * Reads entries of a topic, oldest first. May block.
     *
     * @param after the position after which entries are wanted
     * @param upTo the position up to which they are wanted
     * @param maxBytes about how many bytes of {@link Entry#bytes} at most; one entry at least
     * @throws StoreException when the engine cannot be reached
     */
    Page read(String topic, long after, long upTo, int maxBytes);

    /**
     * Reads the newest entry of each key of a topic, of those after a position, oldest first:
     * events and rows with a key, and removals as long as they are kept. The removal of a row
     * ({@link Entry#row}) that is not the newest of its key any more leaves the newer one. May
     * block.
     *
     * @throws StoreException when the engine cannot be reached
     */
    Page latest(String topic, long after, int maxBytes);

    /**
     * Returns what the engine has of a topic. May block.
     *
     * @throws StoreException when the engine cannot be reached
     */
    Kept kept(String topic);

    /**
     * Finds the newest kept entry with an id that its publisher gave it. May block.
     *
     * @throws StoreException when the engine cannot be reached
     */
    OptionalLong find(String topic, String id);

    /**
     * Returns the position of the newest entry of all, as the engine has it now. May block.
     *
     * @throws StoreException when the engine cannot be reached
     */
    long head();

    /**
     * Sets what is kept of a topic, until it is set again; also in the next process. Until then it
     * is {@link StoreRetention#STANDARD}. Does not block: it takes effect some time later. After
     * {@link Tail#begins} it is called again for each topic that the process knows, because the
     * engine may have lost it.
     */
    void retain(String topic, StoreRetention retention);

    /** Returns what this engine cannot do. */
    Set<Limit> limits();

    /**
     * Ends: appends under way complete or fail, the tail gets nothing more. What is acknowledged
     * stays. Does nothing the second time.
     */
    @Override
    void close();
}
