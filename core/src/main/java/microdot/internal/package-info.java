/** What the packages of this module share and applications do not see. */
@NullMarked
package microdot.internal;

import org.jspecify.annotations.NullMarked;
