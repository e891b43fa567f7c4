@NullMarked
package dashboard.processes;

import org.jspecify.annotations.NullMarked;
