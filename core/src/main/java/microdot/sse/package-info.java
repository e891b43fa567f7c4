/**
 * Server-Sent Events: a route becomes an event stream ({@link Sse}), and topics deliver published
 * events to many streams ({@link Topics}). The log below the topics is in {@code microdot.sse.log}.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">The standard</a>
 */
@NullMarked
package microdot.sse;

import org.jspecify.annotations.NullMarked;
