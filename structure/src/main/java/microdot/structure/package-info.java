/** Checks of the structure of a module, for its tests. */
@NullMarked
package microdot.structure;

import org.jspecify.annotations.NullMarked;
