/** What the tests of the stores on Redis and NATS share: networks that fail, and a benchmark. */
@NullMarked
package microdot.stores;

import org.jspecify.annotations.NullMarked;
