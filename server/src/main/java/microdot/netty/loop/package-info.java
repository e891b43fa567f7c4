/** The connections of one event loop and their timer, for any protocol. Not exported. */
@NullMarked
package microdot.netty.loop;

import org.jspecify.annotations.NullMarked;
