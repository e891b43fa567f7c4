/** Tests of the example in Kotlin. */
@NullMarked
package readings;

import org.jspecify.annotations.NullMarked;
