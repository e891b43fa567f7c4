/**
 * The log below the topics, not exported: bytes and positions ({@link EventLog}, {@link Segment},
 * {@link Frame}, {@link LatestByKey}, {@link MemoryBudget}, {@link OldestFirst}), the order of all
 * topics ({@link TopicOrder}, {@link Epoch}, {@link EventId}), and the wake-ups of its readers
 * ({@link TopicReaders}, {@link LoopReaders}, {@link DeliveryTask}, {@link DeliveryTasks}). It
 * knows neither topics' options nor how an event is encoded.
 */
@NullMarked
package microdot.sse.log;

import org.jspecify.annotations.NullMarked;
