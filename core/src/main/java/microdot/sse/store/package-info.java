/**
 * Where events are kept beyond the memory of one process: {@link microdot.sse.store.EventStore} is
 * what an engine has to do so that topics can live on it.
 */
@NullMarked
package microdot.sse.store;

import org.jspecify.annotations.NullMarked;
