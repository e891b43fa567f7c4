/**
 * Routes, requests, responses and event streams; a transport is found by {@link
 * java.util.ServiceLoader}.
 */
@SuppressWarnings("module") // The server is compiled later.
module microdot.core {
    exports microdot;
    exports microdot.sse;
    exports microdot.sse.store;
    exports microdot.internal to
            microdot.server,
            microdot.testing;

    requires static java.logging; // For the lines of the access log.
    requires static transitive org.jspecify;
    requires tools.jackson.databind;

    uses microdot.Transport;
}
