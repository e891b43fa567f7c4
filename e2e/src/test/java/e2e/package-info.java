/** Real browsers and real clients against the server and the demo. */
@NullMarked
package e2e;

import org.jspecify.annotations.NullMarked;
