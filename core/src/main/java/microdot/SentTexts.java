package microdot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The texts that a client sent with a request, to find out whether a bad value came from it. */
final class SentTexts {
    /** A longer body is no name of a topic or event. */
    private static final int SHORT = 4 << 10;

    private final List<String> texts = new ArrayList<>();

    SentTexts add(Collection<String> sent) {
        texts.addAll(sent);
        return this;
    }

    SentTexts addFields(Map<String, List<String>> fields) {
        fields.values().forEach(texts::addAll);
        return this;
    }

    SentTexts addHeaders(Headers headers) {
        headers.forEach(
                (name, value) -> {
                    texts.add(value);
                    texts.add(new String(value.getBytes(ISO_8859_1), UTF_8)); // Last-Event-ID.
                });
        return this;
    }

    /** Adds the body as a text if it is short, and the texts in it if it is JSON. */
    void addBody(byte[] body) {
        if (body.length <= SHORT) {
            texts.add(new String(body, UTF_8));
        }
        try {
            addMember(JsonCodec.standard().decode(body, Object.class));
        } catch (IllegalArgumentException malformed) {
            return; // It is no JSON.
        }
    }

    private void addMember(@Nullable Object value) {
        switch (value) {
            case String text -> texts.add(text);
            case Map<?, ?> object -> {
                object.keySet().forEach(this::addMember);
                object.values().forEach(this::addMember);
            }
            case Iterable<?> array -> array.forEach(this::addMember);
            case null, default -> {} // A number or a boolean is no text.
        }
    }

    boolean anyMatch(Predicate<String> test) {
        return texts.stream().anyMatch(test);
    }
}
