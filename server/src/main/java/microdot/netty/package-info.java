/**
 * A server on Netty. {@link java.util.ServiceLoader} finds it, so an application does not name it.
 */
@NullMarked
package microdot.netty;

import org.jspecify.annotations.NullMarked;
