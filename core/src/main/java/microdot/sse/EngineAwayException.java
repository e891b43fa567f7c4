package microdot.sse;

import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/** The engine of a store cannot be read now; a follower waits until it can be. */
final class EngineAwayException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable EngineWait wait;

    /**
     * @param wait null when nothing is worth waiting for, because the topics were closed
     */
    EngineAwayException(@Nullable EngineWait wait, String reason, @Nullable Throwable cause) {
        super(reason, false, cause);
        this.wait = wait;
    }

    /** Returns what ends when it is worth trying again; null when the topics were closed. */
    @Nullable EngineWait await() {
        return wait;
    }
}
