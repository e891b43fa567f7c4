/**
 * Calls an application without a socket: the same handlers, hooks and streams, deterministic and
 * fast.
 */
@NullMarked
package microdot.testing;

import org.jspecify.annotations.NullMarked;
