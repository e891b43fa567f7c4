/** The framework: routes, hooks, requests and responses. */
@NullMarked
package microdot;

import org.jspecify.annotations.NullMarked;
