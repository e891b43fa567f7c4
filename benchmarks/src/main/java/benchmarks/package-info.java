/** Measures the cost of an event in Microdot and in other servers. */
@NullMarked
package benchmarks;

import org.jspecify.annotations.NullMarked;
