/** TLS: the certificates of a server, and the handler of each connection. Not exported. */
@NullMarked
package microdot.netty.tls;

import org.jspecify.annotations.NullMarked;
