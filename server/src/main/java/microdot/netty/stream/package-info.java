/**
 * The way of a stream to its socket: {@link microdot.netty.stream.ChannelSink} and its parts. Start
 * there. Not exported.
 */
@NullMarked
package microdot.netty.stream;

import org.jspecify.annotations.NullMarked;
