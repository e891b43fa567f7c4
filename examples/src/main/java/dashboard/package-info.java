/**
 * The demo: this machine's sensors and a camera, live on one page over one stream, and a page that
 * shows a run.
 */
@NullMarked
package dashboard;

import org.jspecify.annotations.NullMarked;
