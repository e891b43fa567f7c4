/** Keeps the events of topics in a stream of NATS JetStream. */
module microdot.nats {
    exports microdot.nats;

    requires transitive microdot.core;
    requires io.nats.jnats;
    requires static transitive org.jspecify;
}
