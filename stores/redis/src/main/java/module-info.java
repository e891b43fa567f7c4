/** Keeps the events of topics in Redis. */
@SuppressWarnings("requires-automatic") // Lettuce has no module descriptor.
module microdot.redis {
    exports microdot.redis;

    requires transitive microdot.core;
    requires static transitive org.jspecify;
    requires lettuce.core;
}
