/** Tests of what the benchmarks stand on. */
@org.jspecify.annotations.NullMarked
package microdot.sse;
