package microdot.sse;

import java.util.List;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * What holds for one publish. Immutable: each method returns a changed copy.
 *
 * <pre>{@code
 * topics.publish("orders", event, new PublishOptions().idempotencyKey(request.id()));
 * }</pre>
 */
public final class PublishOptions {
    /** The most characters of an idempotency key: 256. */
    public static final int MAX_KEY = 256;

    static final PublishOptions NONE = new PublishOptions();

    private final @Nullable String expectedLastId;
    private final @Nullable String idempotencyKey;

    /** Nothing special. */
    public PublishOptions() {
        this(null, null);
    }

    private PublishOptions(@Nullable String expectedLastId, @Nullable String idempotencyKey) {
        this.expectedLastId = expectedLastId;
        this.idempotencyKey = idempotencyKey;
    }

    /**
     * Publishes only if the newest event of the topic has this id, as {@link Topics#publish}
     * returned it; with "" only if the topic has had none since it was removed, or never. Otherwise
     * nothing is published, and the publisher gets a {@link microdot.sse.store.ConflictException}.
     * For topics whose events have no ids of their own.
     */
    public PublishOptions expectedLastId(String id) {
        return new PublishOptions(
                Required.notNull(id, "expectedLastId", "an id, or \"\" for none"), idempotencyKey);
    }

    /**
     * Makes it safe to publish again when the first try failed or its fate is unknown: a second
     * publish with this key within two minutes publishes nothing and returns the id of the first.
     *
     * @param key 1 to 256 characters, unique among all topics
     * @throws IllegalArgumentException when it is empty or too long, or has half a surrogate pair
     */
    public PublishOptions idempotencyKey(String key) {
        Required.notNull(key, "idempotencyKey", "a key");
        if (key.isEmpty() || key.length() > MAX_KEY) {
            throw new IllegalArgumentException(
                    "idempotencyKey: "
                            + key.length()
                            + " characters (expected: 1 to "
                            + MAX_KEY
                            + ")");
        }
        return new PublishOptions(expectedLastId, WholeText.checked("idempotencyKey", key));
    }

    @Nullable String expectedLastId() {
        return expectedLastId;
    }

    @Nullable String idempotencyKey() {
        return idempotencyKey;
    }

    @Override
    public String toString() {
        return List.of(
                        "expectedLastId: " + expectedLastId,
                        "idempotencyKey: " + (idempotencyKey == null ? null : "set"))
                .toString();
    }
}
