/**
 * One HTTP/2 connection (RFC 9113): reads the requests of its streams and writes their responses.
 * Not exported.
 */
@NullMarked
package microdot.netty.http2;

import org.jspecify.annotations.NullMarked;
