/** What a server bounds: the number of streams, and the pace of reconnects. Not exported. */
@NullMarked
package microdot.netty.limits;

import org.jspecify.annotations.NullMarked;
