package microdot.sse.store;

import microdot.internal.Quoted;
import microdot.internal.Required;

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
                        + Quoted.whole(Required.notNull(topic, "topic", "its name"))
                        + " has its newest entry at position "
                        + last
                        + " (expected: "
                        + (expected == Long.MAX_VALUE ? "the event of an unknown id" : expected)
                        + "; read the topic again, then decide)");
        this.last = last;
    }

    /** Returns the position of the newest entry of the topic; 0 for none. */
    public long last() {
        return last;
    }
}
