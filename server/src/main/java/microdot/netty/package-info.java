/** HTTP/1.1 on Netty: found by {@link java.util.ServiceLoader}, so nobody need name it. */
@NullMarked
package microdot.netty;

import org.jspecify.annotations.NullMarked;
