/** A camera that sees motion: frames in, detections out. Knows nothing of streams or of the web. */
@NullMarked
package dashboard.camera;

import org.jspecify.annotations.NullMarked;
