/** Two circles, and a class outside them. */
@org.jspecify.annotations.NullMarked
package microdot.structure.sample;
