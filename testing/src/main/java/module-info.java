/** Calls an application without a socket. */
module microdot.testing {
    exports microdot.testing;

    requires transitive microdot.core;
    requires static transitive org.jspecify;
}
