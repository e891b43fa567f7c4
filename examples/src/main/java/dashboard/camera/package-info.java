/** A camera that detects motion: frames in, detections out. Independent of streams and HTTP. */
@NullMarked
package dashboard.camera;

import org.jspecify.annotations.NullMarked;
