package microdot.sse;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.JsonCodec;
import microdot.internal.Quoted;
import microdot.internal.Required;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.KeyedEvent;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/** What {@link Topics} publishes: checks and encodes it, and has it appended. Any thread. */
final class Publishing {
    private final TopicRegistry registry;
    private final JsonCodec json;

    Publishing(TopicRegistry registry, JsonCodec json) {
        this.registry = registry;
        this.json = json;
    }

    private static Event event(Object event) {
        return event instanceof Event whole ? whole : Event.of(event);
    }

    private static @Nullable String keyOf(TopicState topic, Event event) {
        Function<Event, @Nullable String> keyedBy = topic.options().key();
        // User code, therefore before the lock: when it throws, nothing is appended.
        return keyedBy == null ? null : keyedBy.apply(event);
    }

    /** Publishes one event, perhaps the last of its topic; returns its id. */
    String publish(String topic, Object data, boolean isLast) {
        Event event = event(data);
        TopicRules.checkedName(topic);
        TopicRules.checkPublishable(event);
        EncodedEvent encoded = EventEncoder.encodeWithoutId(event, json);
        TopicState state = registry.pinned(topic);
        try {
            Object keyedBy = state.options().key();
            String key = keyOf(state, event);
            return id(topic, event, registry.writer().append(state, encoded, keyedBy, key, isLast));
        } finally {
            state.unpin();
        }
    }

    /** Publishes events as one step; returns the id of the last. */
    String publish(String topic, List<Event> events, PublishOptions options) {
        TopicState state = registry.pinned(TopicRules.checkedName(topic));
        try {
            long position = registry.writer().append(batch(state, events, options));
            return id(topic, events.getLast(), position);
        } finally {
            state.unpin();
        }
    }

    CompletionStage<String> publishAsync(String topic, Object data, PublishOptions options) {
        Event event = event(data);
        TopicState state = registry.pinned(TopicRules.checkedName(topic));
        try {
            PublishBatch batch = batch(state, List.of(event), options);
            return registry.writer()
                    .appendAsync(batch)
                    .thenApply(position -> id(topic, event, position));
        } finally {
            state.unpin();
        }
    }

    private PublishBatch batch(TopicState topic, List<Event> events, PublishOptions options) {
        Required.notNull(events, "events", "a list of events");
        Required.notNull(options, "options", "options");
        if (events.isEmpty()) {
            throw new IllegalArgumentException("events: none (expected: at least one)");
        }
        var ready = new ArrayList<KeyedEvent>(events.size());
        for (Event event : events) {
            TopicRules.checkPublishable(Required.notNull(event, "events", "events without null"));
            EncodedEvent encoded = EventEncoder.encodeWithoutId(event, json);
            ready.add(new KeyedEvent(encoded, keyOf(topic, event)));
        }
        return new PublishBatch(topic, ready, topic.options().key(), false, options);
    }

    private String id(String topic, Event event, long position) {
        if (position == TopicOrder.OTHER_KIND) {
            throw isTable(topic);
        }
        if (position == TopicOrder.TOPIC_CLOSED) {
            throw closed(topic);
        }
        String own = event.id();
        return own == null ? registry.order().epoch().id(position) : own;
    }

    /** Changes state and publishes the event of the change as one step. */
    String publish(String topic, Supplier<?> change) {
        TopicRules.checkedName(topic);
        Required.notNull(change, "change", "what changes the state and returns the event");
        TopicState state = registry.pinned(topic);
        try {
            if (state.table() != null) { // Before anything is changed.
                throw isTable(topic);
            }
            return state.changes()
                    .run(
                            () -> {
                                if (state.isEnded()) {
                                    throw closed(topic);
                                }
                                return publish(topic, (Object) change.get(), false);
                            });
        } finally {
            state.unpin();
        }
    }

    /** Publishes the last event of a topic, and ends it as one step. */
    String closeWith(String topic, Object last) {
        TopicState state = registry.pinned(topic);
        try {
            return afterChanges(state, () -> publish(topic, last, true));
        } finally {
            state.unpin();
        }
    }

    /** Ends a topic. */
    void close(String topic) {
        TopicState state = registry.pinned(topic);
        try {
            afterChanges(
                    state,
                    () -> {
                        registry.writer().close(state);
                        return topic;
                    });
        } finally {
            state.unpin();
        }
    }

    /** The end does not come between a change and its event. */
    private static String afterChanges(TopicState topic, Supplier<String> end) {
        Changes changes = topic.changesOrNull();
        return changes == null ? end.get() : changes.run(end);
    }

    private static IllegalStateException isTable(String topic) {
        return new IllegalStateException(
                "topic: "
                        + Quoted.whole(topic)
                        + " is a table (expected: Table.put and Table.remove)");
    }

    private static IllegalStateException closed(String topic) {
        return new IllegalStateException(
                "topic: "
                        + Quoted.whole(topic)
                        + " is closed (expected: no publish after its close)");
    }
}
