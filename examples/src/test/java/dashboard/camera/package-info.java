@NullMarked
package dashboard.camera;

import org.jspecify.annotations.NullMarked;
