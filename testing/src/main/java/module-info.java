/** Calls an application without a socket; and what every store of events does. */
@SuppressWarnings("module") // JUnit is there only where tests of stores run.
module microdot.testing {
    exports microdot.testing;

    opens microdot.testing to
            org.junit.platform.commons;

    requires transitive microdot.core;
    requires static org.junit.jupiter.api; // For EventStoreContract.
    requires static transitive org.jspecify;
}
