/** Keeps the events of topics in a stream of NATS JetStream: {@link microdot.nats.NatsStore}. */
@NullMarked
package microdot.nats;

import org.jspecify.annotations.NullMarked;
