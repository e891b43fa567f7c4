/**
 * The body of one request: between the event loop that receives it and the handler that reads it.
 */
@NullMarked
package microdot.netty.body;

import org.jspecify.annotations.NullMarked;
