/** Which interface of the operating system serves the sockets. Not exported. */
@NullMarked
package microdot.netty.io;

import org.jspecify.annotations.NullMarked;
