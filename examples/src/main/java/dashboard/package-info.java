/** The demo: this machine's sensors and a camera, live on one page over one stream. */
@NullMarked
package dashboard;

import org.jspecify.annotations.NullMarked;
