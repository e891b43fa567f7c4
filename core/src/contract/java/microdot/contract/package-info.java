/**
 * Contracts of interfaces that several modules implement. A module with an implementation adds this
 * folder to the sources of its tests.
 */
@org.jspecify.annotations.NullMarked
package microdot.contract;
