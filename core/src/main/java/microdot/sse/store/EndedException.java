package microdot.sse.store;

import microdot.internal.Quoted;
import microdot.internal.Required;

/** A topic has ended. Nothing was appended. */
public final class EndedException extends StoreException {
    private static final long serialVersionUID = 1L;

    /** The topic has ended. */
    public EndedException(String topic) {
        super(
                "topic: "
                        + Quoted.whole(Required.notNull(topic, "topic", "its name"))
                        + " has ended (expected: no entry after its end)");
    }
}
