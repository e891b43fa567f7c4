package microdot.sse.store;

import microdot.internal.Quoted;

/** A topic has another newest entry than the publisher expected. Nothing was appended. */
public final class ConflictException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final long last;

    /**
     * @param last the position of the newest entry of the topic; 0 for none
     */
    public ConflictException(String topic, long expected, long last) {
        super(
                "topic: "
                        + Quoted.whole(topic)
                        + " has its newest entry at position "
                        + last
                        + " (expected: "
                        + expected
                        + "; read the topic again and decide anew)");
        this.last = last;
    }

    /** Returns the position of the newest entry of the topic; 0 for none. */
    public long last() {
        return last;
    }
}
