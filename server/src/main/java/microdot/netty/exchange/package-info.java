/**
 * One request and its response, for any HTTP version, and the threads of handlers. A connection
 * takes part as a {@link microdot.netty.exchange.Responder}. Not exported.
 */
@NullMarked
package microdot.netty.exchange;

import org.jspecify.annotations.NullMarked;
