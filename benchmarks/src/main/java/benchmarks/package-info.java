/** What an event costs Microdot, and what it costs others. */
@NullMarked
package benchmarks;

import org.jspecify.annotations.NullMarked;
