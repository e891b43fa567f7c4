/**
 * What watches the threads that run code of the application: {@link
 * microdot.netty.threads.CarrierWatchdog} frees virtual threads that wait for a carrier thread,
 * {@link microdot.netty.threads.OverdueHandlers} reports handlers that outlive their stream. Not
 * exported.
 */
@NullMarked
package microdot.netty.threads;

import org.jspecify.annotations.NullMarked;
