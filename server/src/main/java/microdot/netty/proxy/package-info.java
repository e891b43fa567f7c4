/** The clients behind proxies, and the hosts that are served. Not exported. */
@NullMarked
package microdot.netty.proxy;

import org.jspecify.annotations.NullMarked;
