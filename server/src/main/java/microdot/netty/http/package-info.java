/**
 * HTTP/1.1: reading requests, writing responses, and the connection that does both. Start at {@link
 * microdot.netty.http.HttpSetup}. Not exported.
 */
@NullMarked
package microdot.netty.http;

import org.jspecify.annotations.NullMarked;
