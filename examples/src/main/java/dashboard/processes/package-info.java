/** The programs that the demo starts beside itself: Redis, NATS, HAProxy, and its own nodes. */
@NullMarked
package dashboard.processes;

import org.jspecify.annotations.NullMarked;
