/**
 * Server-Sent Events: a route becomes an event stream.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">The standard</a>
 */
@NullMarked
package microdot.sse;

import org.jspecify.annotations.NullMarked;
