package microdot.sse.store;

import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/** The engine could not do what was asked for. The text says what to do. */
public class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean unknown;

    /**
     * @param unknown whether an append may have happened all the same
     */
    public StoreException(@Nullable String message, boolean unknown, @Nullable Throwable cause) {
        super(message, cause);
        this.unknown = unknown;
    }

    /** Nothing was appended. */
    public StoreException(String message) {
        this(Required.notNull(message, "message", "what a person should do"), false, null);
    }

    /**
     * Returns whether the fate of an append is unknown: the connection to the engine ended after it
     * was sent, and the entry may appear later. An idempotency key makes it safe to publish it
     * again.
     */
    public boolean isUnknown() {
        return unknown;
    }
}
