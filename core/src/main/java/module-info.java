/**
 * Routes, requests, responses and event streams; a transport is found by {@link
 * java.util.ServiceLoader}.
 */
module microdot.core {
    exports microdot;
    exports microdot.sse;

    requires static transitive org.jspecify;
    requires tools.jackson.databind;

    uses microdot.Transport;
}
