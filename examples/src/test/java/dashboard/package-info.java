@NullMarked
package dashboard;

import org.jspecify.annotations.NullMarked;
