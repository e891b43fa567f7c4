package microdot.sse.log;

import org.jspecify.annotations.Nullable;

/**
 * An event that is ready to be appended.
 *
 * @param key that the topic's function gave it; null for none
 */
public record KeyedEvent(EncodedEvent event, @Nullable String key) {}
